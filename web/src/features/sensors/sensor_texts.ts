import { is_message_key, useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';

/** The place of a sensor: a register's name, or the device as a whole. */
export function usePlaceText(): (register: string) => string {
  const { t } = useLanguage();
  return (register) => (register ? register_label(register, t) : t('sensors.whole_device'));
}

export function useQuantityText(): (quantity: string) => string {
  const { t } = useLanguage();
  return (quantity) => {
    const key = `sensors.quantity_${quantity}`;
    return is_message_key(key) ? t(key as 'sensors.quantity_flow') : quantity;
  };
}
