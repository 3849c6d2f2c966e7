import type { AnalysedFrame, Analysis, FrameBuilders } from '../src/api/types.ts';
import answers from './analyser_answers.json' with { type: 'json' };

/** What a true platform answered once (recorded by the API's own test); the stub knows no protocol. */
const recorded = answers as unknown as { builders: FrameBuilders; analysis: Analysis; built: AnalysedFrame };

export function frame_builders(): FrameBuilders {
  return recorded.builders;
}

/** The recorded analysis for any text with two digits in it, else an empty one. */
export function analysis_of(text: string): Analysis {
  if (/[0-9A-Fa-f]{2}/.test(text)) return recorded.analysis;
  const log = { ...recorded.analysis.log, lines: text.split('\n').length, skipped_lines: 0, skipped: [], octets: 0 };
  return { frames: 0, valid_frames: 0, gaps: 0, gap_octets: 0, log, items: [] };
}

export function built_frame(): AnalysedFrame {
  return recorded.built;
}
