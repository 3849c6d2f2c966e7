import type { zh_cn_wall } from './zh_cn_wall.ts';

export const en_wall: Record<keyof typeof zh_cn_wall, string> = {
  'wall.title': 'Wall screen',
  'wall.open': 'Wall screen',
  'wall.settings': 'What is shown',
  'wall.pages': 'Pages shown in turn',
  'wall.seconds': 'Seconds on each page',
  'wall.settings_wrong': 'Choose at least one page, and {min} to {max} seconds',
  'wall.save': 'Save',
  'wall.previous': 'Previous page',
  'wall.next': 'Next page',
  'wall.pause': 'Hold this page',
  'wall.go_on': 'Go on turning',
  'wall.full_screen': 'Full screen',
  'wall.leave': 'Leave the wall screen',
  'wall.place_overview': 'Overview',
  'wall.place_alarms': 'Alarms',
  'wall.place_devices': 'Meters offline',
  'wall.place_gateways': 'Gateways',
  'wall.place_consumption': 'Consumption',
  'wall.place_status': 'System state',
};
