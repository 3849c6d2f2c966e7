import { type ReactNode, useEffect, useRef, useState } from 'react';

/** Begins its children only when they come near the window, and keeps them from then on; `height_px` holds their place. */
export function WhenNear({ height_px, children }: { height_px: number; children: ReactNode }) {
  const [is_near, setNear] = useState(() => !('IntersectionObserver' in window));
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (is_near || !place.current) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setNear(true);
      },
      { rootMargin: '300px' },
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [is_near]);
  return is_near ? children : <div ref={place} style={{ minHeight: height_px }} />;
}
