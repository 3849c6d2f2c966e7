import { CustomChart, LineChart } from 'echarts/charts';
import { GridComponent, MarkAreaComponent, TooltipComponent } from 'echarts/components';
import { type EChartsType, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { CustomSeriesRenderItem } from 'echarts/types/dist/shared';
import { useEffect, useMemo, useRef } from 'react';
import type { Curve } from '../../api/types.ts';
import { axis_marks, type Span } from '../../format/span.ts';
import { grouped } from '../../format/value.ts';
import { civil_time, clock_text, date_time_text } from '../../format/zoned_time.ts';
import { type Language, type Translate, useLanguage } from '../../i18n/index.tsx';
import { curve_colors, palettes, type as typography } from '../../theme/theme.ts';
import { useTheme } from '../../theme/theme_context.tsx';
import { type DrawnBucket, nearest, nearest_point, past_calibration, type Stretch, stretches } from './curve_model.ts';

use([LineChart, CustomChart, GridComponent, MarkAreaComponent, TooltipComponent, SVGRenderer]);

interface Props {
  curve: Curve;
  span: Span;
  interval_s: number;
  time_zone: string;
  label: string;
  /** `is_edited`: what stands there may not be what was read. */
  on_point: (point: Curve['buckets'][number]['last'], is_edited: boolean) => void;
}

function mark_text(span: Span, time_zone: string, language: Language): (instant_ms: number) => string {
  return (instant_ms) => {
    if (span.name === 'day') {
      // The day's end is the next day's midnight; on the axis it reads better as 24:00.
      return instant_ms === span.to_ms ? '24:00' : clock_text(instant_ms, time_zone, false);
    }
    const { month, day } = civil_time(instant_ms, time_zone);
    if (span.name === 'year')
      return new Intl.DateTimeFormat(language, { month: 'short', timeZone: time_zone }).format(instant_ms);
    return `${month}/${day}`;
  };
}

/** Thins the marks so that their texts do not touch. */
function thinned(marks: readonly number[], wanted_max: number): number[] {
  const step = Math.max(1, Math.ceil((marks.length - 1) / wanted_max));
  return marks.filter((_, index) => index % step === 0);
}

function band_series(parts: readonly Stretch[], color: string) {
  const renderItem: CustomSeriesRenderItem = (parameters, api) => {
    const part = parts[parameters.dataIndex] ?? [];
    const upper = part.map(({ at_ms, max }) => api.coord([at_ms, max]));
    const lower = part.map(({ at_ms, min }) => api.coord([at_ms, min]));
    return { type: 'polygon', shape: { points: [...upper, ...lower.reverse()] }, style: { fill: color }, silent: true };
  };
  return {
    type: 'custom' as const,
    renderItem,
    // The axis takes its ends from these: what is least and greatest, not zero.
    data: parts.map((part) => [
      part[0]?.at_ms ?? 0,
      Math.min(...part.map(({ min }) => min)),
      Math.max(...part.map(({ max }) => max)),
    ]),
    encode: { x: 0, y: [1, 2] },
    silent: true,
    clip: true,
    z: 1,
  };
}

/** Line points; a null between stretches breaks the line, and a stretch of one bucket gets a dot, as it has no line. */
function line_data(
  parts: readonly Stretch[],
): { value: [number, number | null]; symbol: 'circle' | 'diamond' | 'none'; symbolSize?: number }[] {
  return parts.flatMap((part, index) => {
    const points = part.map(({ at_ms, last, bucket }) => ({
      value: [at_ms, last] as [number, number | null],
      // What was corrected or estimated has a shape of its own.
      ...(bucket.edited
        ? { symbol: 'diamond' as const, symbolSize: 10 }
        : { symbol: part.length === 1 ? ('circle' as const) : ('none' as const) }),
    }));
    const next = parts[index + 1]?.[0];
    const end = part.at(-1);
    return next && end
      ? [...points, { value: [(end.at_ms + next.at_ms) / 2, null] as [number, number | null], symbol: 'none' as const }]
      : points;
  });
}

export default function CurveChart({ curve, span, interval_s, time_zone, label, on_point }: Props) {
  const { theme } = useTheme();
  const { t, language } = useLanguage();
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const parts = useMemo(() => stretches(curve, interval_s), [curve, interval_s]);
  const press = useRef<(x: number, y: number) => void>(() => undefined);

  useEffect(() => {
    if (!host.current) return;
    const made = init(host.current, null, { renderer: 'svg' });
    chart.current = made;
    made.getZr().on('click', ({ offsetX, offsetY }) => press.current(offsetX, offsetY));
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(host.current);
    return () => {
      observer.disconnect();
      chart.current = null;
      made.dispose();
    };
  }, []);

  useEffect(() => {
    press.current = (x, y) => {
      const made = chart.current;
      if (!made?.containPixel('grid', [x, y])) return;
      const [at_ms, value] = made.convertFromPixel('grid', [x, y]) as [number, number];
      const reach_ms = (24 / made.getWidth()) * (span.to_ms - span.from_ms);
      const found = nearest(parts, at_ms, reach_ms);
      if (found) on_point(nearest_point(found, value), found.bucket.edited !== undefined);
    };
  }, [parts, span, on_point]);

  useEffect(() => {
    const made = chart.current;
    if (!made) return;
    const palette = palettes[theme];
    const colors = curve_colors[theme];
    const marks = axis_marks(span, time_zone);
    const shown_marks = thinned(marks, Math.max(3, Math.floor(made.getWidth() / 76)));
    const tooltip_html = (drawn: DrawnBucket) => {
      const { bucket } = drawn;
      const line = (name: string, value: string) => `<tr><td>${name}</td><td>${grouped(value)} ${curve.unit}</td></tr>`;
      return `<div class="curve-tip"><p>${date_time_text(drawn.at_ms, time_zone)}</p><table>${bucket.mean_rounded ? line(t('curve.column_mean'), bucket.mean_rounded) : ''}${line(t('curve.column_last'), bucket.last.value)}${
        bucket.count > 1 ? line(t('curve.column_min'), bucket.min.value) + line(t('curve.column_max'), bucket.max.value) : ''
      }</table><p>${t('curve.tooltip_count', { count: bucket.count })}</p>${
        bucket.edited ? `<p>◆ ${edited_text(bucket.edited, t)}</p>` : ''
      }${bucket.past_calibration ? `<p>${t('sensors.overdue_hint')}</p>` : ''}</div>`;
    };
    made.setOption(
      {
        animation: false,
        textStyle: { fontFamily: typography.sans, color: palette.ink_soft },
        grid: { left: 8, right: 16, top: 28, bottom: 4, containLabel: true },
        tooltip: {
          trigger: 'axis',
          confine: true,
          backgroundColor: palette.raised,
          borderColor: palette.line,
          textStyle: { color: palette.ink, fontSize: 12 },
          axisPointer: { type: 'line', lineStyle: { color: palette.needle, width: 1.5, type: 'solid' } },
          formatter: (items: unknown) => {
            const at_ms = (items as { value: [number, number | null] }[]).find(({ value }) => Array.isArray(value))?.value[0];
            const found = at_ms === undefined ? undefined : nearest(parts, at_ms, Number.POSITIVE_INFINITY);
            return found ? tooltip_html(found) : '';
          },
        },
        xAxis: {
          type: 'value',
          min: span.from_ms,
          max: span.to_ms,
          axisLine: { lineStyle: { color: palette.line_strong } },
          axisTick: { show: true, customValues: marks, length: 5, lineStyle: { color: palette.line_strong } },
          axisLabel: {
            customValues: shown_marks,
            formatter: mark_text(span, time_zone, language),
            color: palette.ink_soft,
            fontSize: 11,
            hideOverlap: true,
            showMaxLabel: true,
          },
          splitLine: { show: false },
        },
        yAxis: {
          type: 'value',
          scale: true,
          name: curve.unit,
          nameTextStyle: { color: palette.ink_soft, align: 'right', padding: [0, 6, 0, 0] },
          splitNumber: 4,
          axisLabel: { color: palette.ink_soft, fontSize: 11, formatter: (value: number) => axis_number(value, language) },
          splitLine: { lineStyle: { color: palette.line } },
        },
        series: [
          band_series(parts, colors.band),
          {
            type: 'line',
            data: line_data(parts),
            connectNulls: false,
            showSymbol: true,
            symbolSize: 5,
            lineStyle: { color: colors.line, width: 1.8 },
            itemStyle: { color: colors.line },
            markArea: {
              silent: true,
              itemStyle: { color: palette.late_soft, opacity: 0.7 },
              label: { color: palette.late, fontSize: 11, position: 'insideTop' },
              data: past_calibration(parts).map(({ from_ms, to_ms }) => [
                { name: t('sensors.overdue_mark'), xAxis: from_ms },
                { xAxis: to_ms },
              ]),
            },
            z: 2,
          },
        ],
      },
      { notMerge: true },
    );
  }, [curve, parts, span, time_zone, theme, language, t]);

  const overdue = past_calibration(parts).length > 0;
  return (
    <div
      ref={host}
      className="curve-chart"
      role="img"
      aria-label={overdue ? `${label}, ${t('sensors.overdue_mark')}` : label}
      data-points={curve.buckets.length}
      data-past-calibration={overdue || undefined}
    />
  );
}

function edited_text(edited: string, t: Translate): string {
  return [edited.includes('corrected') ? t('quality.corrected') : '', edited.includes('estimated') ? t('quality.estimated') : '']
    .filter(Boolean)
    .join(' · ');
}

function axis_number(value: number, language: Language): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 4 }).format(value);
}
