/** What plays: sound and film by the browser, motion by a clock of its own. */

import { useEffect, useRef, useState, type RefObject } from 'react';
import { turn, type Region } from './time';

export interface Transport {
  playing: boolean;
  /** Seconds. */
  time: number;
  duration: number;
  speed: number;
  loop: boolean;
  region: Region | null;
  toggle(): void;
  seek(time: number): void;
  setSpeed(speed: number): void;
  setLoop(loop: boolean): void;
  setRegion(region: Region | null): void;
}

export const SPEEDS = [0.25, 0.5, 1, 1.5, 2] as const;

/** Call something each frame as long as `on`; it is told how many seconds have passed. */
function useFrames(on: boolean, frame: (passed: number) => void): void {
  const latest = useRef(frame);
  useEffect(() => {
    latest.current = frame;
  });
  useEffect(() => {
    if (!on) return;
    let last = performance.now();
    let id = requestAnimationFrame(function next(now) {
      latest.current(Math.max(0, now - last) / 1000);
      last = now;
      id = requestAnimationFrame(next);
    });
    return () => cancelAnimationFrame(id);
  }, [on]);
}

/** The transport of an `<audio>` or `<video>`, of which no more than `most` seconds are played. */
export function useMedia(mediaRef: RefObject<HTMLMediaElement | null>, most = Infinity): Transport {
  const [playing, setPlaying] = useState(false);
  const [time, setTime] = useState(0);
  const [length, setLength] = useState(0);
  const duration = Math.min(length, most);
  const [speed, setSpeed] = useState(1);
  const [loop, setLoop] = useState(false);
  const [region, setRegion] = useState<Region | null>(null);
  useEffect(() => {
    const element = mediaRef.current!;
    // What was recorded as it came does not say how long it is: its end has to be looked for.
    const measure = (): void => {
      if (element.duration !== Infinity) return;
      element.addEventListener('durationchange', () => (element.currentTime = 0), { once: true });
      element.currentTime = Number.MAX_SAFE_INTEGER;
    };
    element.addEventListener('loadedmetadata', measure);
    const look = (): void => {
      setPlaying(!element.paused);
      setTime(element.currentTime);
      if (Number.isFinite(element.duration)) setLength(element.duration);
    };
    const events = ['play', 'pause', 'seeked', 'timeupdate', 'durationchange', 'loadedmetadata'];
    for (const name of events) element.addEventListener(name, look);
    look();
    return () => {
      element.removeEventListener('loadedmetadata', measure);
      for (const name of events) element.removeEventListener(name, look);
      element.pause();
    };
  }, [mediaRef]);
  useEffect(() => {
    const element = mediaRef.current!;
    const ended = (): void => {
      if (!loop) return;
      element.currentTime = region?.start ?? 0;
      void element.play().catch(() => {});
    };
    element.addEventListener('ended', ended);
    return () => element.removeEventListener('ended', ended);
  }, [mediaRef, loop, region]);
  useFrames(playing, () => {
    const element = mediaRef.current!;
    const again = turn(element.currentTime, region, Math.min(element.duration, most));
    if (again !== null && (loop || region)) {
      element.currentTime = again;
      if (!loop) element.pause();
    } else if (element.currentTime >= most) {
      element.currentTime = most;
      element.pause();
    }
    setTime(element.currentTime);
  });
  return {
    playing,
    time,
    duration,
    speed,
    loop,
    region,
    toggle() {
      const element = mediaRef.current!;
      if (!element.paused) return element.pause();
      const inside = region && time >= region.start && time < region.end - 0.01;
      if (region && !inside) element.currentTime = region.start;
      else if (time >= most - 0.01) element.currentTime = 0;
      // Refused only if it was paused meanwhile, or cannot be played: that is told by its own event.
      void element.play().catch(() => {});
    },
    seek(to) {
      const element = mediaRef.current!;
      element.currentTime = Math.min(duration, Math.max(0, to));
      setTime(element.currentTime);
    },
    setSpeed(to) {
      mediaRef.current!.playbackRate = to;
      setSpeed(to);
    },
    setLoop,
    setRegion,
  };
}

/** The transport of what has no clock of its own. */
export function useClock(duration: number, startPlaying = false): Transport {
  const [playing, setPlaying] = useState(startPlaying);
  const [time, setTime] = useState(0);
  const [speed, setSpeed] = useState(1);
  const [loop, setLoop] = useState(true);
  const [region, setRegion] = useState<Region | null>(null);
  useFrames(playing, (passed) => {
    const next = time + passed * speed;
    const again = turn(next, region, duration);
    if (again === null) return setTime(next);
    setTime(loop ? again : (region?.end ?? duration));
    if (!loop) setPlaying(false);
  });
  return {
    playing,
    time,
    duration,
    speed,
    loop,
    region,
    toggle() {
      if (!playing && turn(time, region, duration) !== null) setTime(region?.start ?? 0);
      setPlaying(!playing);
    },
    seek: (to) => setTime(Math.min(duration, Math.max(0, to))),
    setSpeed,
    setLoop,
    setRegion,
  };
}
