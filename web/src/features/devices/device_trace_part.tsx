import type { DeviceDetail } from '../../api/types.ts';
import { TraceView } from '../tracing/trace_view.tsx';

export default function DeviceTracePart({ device }: { device: DeviceDetail }) {
  return <TraceView subject={{ device_id: device.id }} name={`trace-${device.address}`} time_zone={device.time_zone} />;
}
