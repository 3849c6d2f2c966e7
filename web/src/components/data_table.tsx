import { memo, type ReactNode } from 'react';
import { Icon } from './icons.tsx';

export interface Column<Row> {
  key: string;
  header: string;
  cell: (row: Row) => ReactNode;
  align?: 'end';
  /** Spans the card's width on a phone and carries no label there: the row's name. */
  is_title?: boolean;
  /** Stands at the card's right upper corner on a phone. */
  is_corner?: boolean;
  /** Left out below desktop width. */
  is_minor?: boolean;
  sort?: { direction: 'ascending' | 'descending' | 'none'; on_toggle: () => void };
}

interface Props<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  row_key: (row: Row) => string | number;
  is_stale?: boolean;
  class_name?: string;
}

function HeaderCell<Row>({ column }: { column: Column<Row> }) {
  const { sort } = column;
  const classes = [column.align === 'end' ? 'cell-end' : '', column.is_minor ? 'cell-minor' : ''].join(' ').trim();
  if (!sort) {
    return (
      <th scope="col" className={classes}>
        {column.header}
      </th>
    );
  }
  return (
    <th scope="col" className={classes} aria-sort={sort.direction}>
      <button type="button" className={`sort-button sort-${sort.direction}`} onClick={sort.on_toggle}>
        {column.header}
        <Icon name="down" size={12} />
      </button>
    </th>
  );
}

function Cells<Row>({ row, columns }: { row: Row; columns: readonly Column<Row>[] }) {
  return (
    <tr role="row">
      {columns.map((column) => (
        <td
          key={column.key}
          role="cell"
          data-label={column.header}
          className={[
            column.align === 'end' ? 'cell-end' : '',
            column.is_title ? 'cell-title' : '',
            column.is_corner ? 'cell-corner' : '',
            column.is_minor ? 'cell-minor' : '',
          ]
            .join(' ')
            .trim()}
        >
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

/** Drawn anew only when its own row is another: live values change few rows of many. */
const TableRow = memo(Cells) as typeof Cells;

/**
 * A table on wide screens, a list of cards on a phone. The explicit roles keep it a table for screen readers where the style
 * sheet takes the cells out of their grid.
 */
export function DataTable<Row>({ caption, columns, rows, row_key, is_stale = false, class_name = '' }: Props<Row>) {
  return (
    <div className={`table-frame ${class_name} ${is_stale ? 'is-stale' : ''}`} aria-busy={is_stale}>
      <table className="data-table" role="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <HeaderCell key={column.key} column={column} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <TableRow key={row_key(row)} row={row} columns={columns} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
