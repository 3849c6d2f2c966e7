const storage_key = 'duheng.alarm_sound';

export function is_sound_on(): boolean {
  return localStorage.getItem(storage_key) === 'on';
}

/** Also plays the tone once: browsers let a page sound only after somebody has touched it. */
export function switch_sound(on: boolean): void {
  localStorage.setItem(storage_key, on ? 'on' : 'off');
  if (on) ring();
}

/** Two short tones; nothing when the sound is off or the browser has none. */
export function ring(): void {
  if (!is_sound_on() || typeof AudioContext === 'undefined') return;
  const context = new AudioContext();
  const tone = (frequency_hz: number, start_s: number) => {
    const oscillator = context.createOscillator();
    const volume = context.createGain();
    volume.gain.value = 0.15;
    oscillator.frequency.value = frequency_hz;
    oscillator.connect(volume).connect(context.destination);
    oscillator.start(context.currentTime + start_s);
    oscillator.stop(context.currentTime + start_s + 0.18);
    return oscillator;
  };
  tone(880, 0);
  tone(660, 0.22).onended = () => void context.close();
}
