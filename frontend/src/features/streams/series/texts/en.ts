const many = (n: number, one: string, several: string) =>
  `${n.toLocaleString('en')} ${n === 1 ? one : several}`

export const en = {
  pause: 'Pause',
  resume: 'Resume',
  waiting: (n: number) => `, ${many(n, 'new item', 'new items')}`,
  view: 'Show as',
  plot: 'Plot',
  table: 'Table',
  value: 'value',
  time: 'Time',
  number: 'At',
  item: 'Item',
  newest: (n: number, all: number) =>
    n === all
      ? `${many(all, 'item', 'items')}, the newest first`
      : `The newest ${n.toLocaleString('en')} of ${many(all, 'item', 'items')}, the newest first`,
  older: 'Show older ones',
  earlier: 'Show earlier ones',
  log: (n: number) => `${many(n, 'item', 'items')}, the newest last`,
  picture: (lines: string, n: number) => `Plot of ${many(n, 'point', 'points')}. ${lines}`,
  line: (name: string, low: string, high: string, last: string) =>
    `${name}: between ${low} and ${high}, now ${last}.`,
  left: (n: number) => `${many(n, 'more value is', 'more values are')} not shown.`,
  heard: (name: string, value: string) => `${name} ${value}`,
  noPlot: 'The plot could not be loaded. The table has the same numbers.',
}

type Widen<T> = { [K in keyof T]: T[K] extends string ? string : T[K] }

export type Texts = Widen<typeof en>
