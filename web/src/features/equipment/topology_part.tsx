import { useQuery } from '@tanstack/react-query';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { type EquipmentNode, equipment_queries } from './equipment_api.ts';
import { EquipmentState } from './equipment_state.tsx';

/** Children by parent; what hangs on nothing that is shown stands at the top. */
export function tree_of(nodes: readonly EquipmentNode[]): Map<number | null, EquipmentNode[]> {
  const known = new Set(nodes.map(({ id }) => id));
  const out = new Map<number | null, EquipmentNode[]>();
  for (const node of nodes) {
    const parent = node.parent_id !== null && known.has(node.parent_id) ? node.parent_id : null;
    out.set(parent, [...(out.get(parent) ?? []), node]);
  }
  return out;
}

function Attached({ attached }: { attached: EquipmentNode['attached'] }) {
  const { t } = useLanguage();
  const texts = Object.entries(attached).map(([kind, count]) =>
    t(`equipment.attached_${kind}` as 'equipment.attached_device', { count }),
  );
  return texts.length > 0 ? <span className="faint small">{texts.join(' · ')}</span> : null;
}

function Branch({
  parent,
  tree,
  on_open,
}: {
  parent: number | null;
  tree: ReturnType<typeof tree_of>;
  on_open: (id: number) => void;
}) {
  const { t } = useLanguage();
  const nodes = tree.get(parent);
  if (!nodes) return null;
  return (
    <ul className="equipment-tree">
      {nodes.map((node) => (
        <li key={node.id}>
          <div className={`equipment-node is-${node.status.state}`}>
            <button type="button" className="button button-quiet" onClick={() => on_open(node.id)}>
              {node.name}
            </button>
            <span className="faint small">{t(`equipment.kind_${node.kind}`)}</span>
            <EquipmentState status={node.status} />
            <Attached attached={node.attached} />
          </div>
          <Branch parent={node.id} tree={tree} on_open={on_open} />
        </li>
      ))}
    </ul>
  );
}

export function TopologyPart({ on_open }: { on_open: (id: number) => void }) {
  const { t } = useLanguage();
  const topology = useQuery(equipment_queries.topology());
  if (topology.isError) return <ProblemView error={topology.error} on_retry={() => void topology.refetch()} />;
  if (!topology.data) return <Skeleton rows={6} height={28} />;
  if (topology.data.nodes.length === 0) return <Empty title={t('equipment.empty')} hint={t('equipment.empty_hint')} />;
  return (
    <Panel title={t('equipment.topology')} note={topology.data.cut ? t('equipment.topology_cut') : undefined}>
      <Branch parent={null} tree={tree_of(topology.data.nodes)} on_open={on_open} />
    </Panel>
  );
}
