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
  number: 'Position',
  item: 'Item',
  newest: (n: number, all: number) =>
    n === all
      ? `${many(all, 'item', 'items')}, newest first`
      : `Latest ${n.toLocaleString('en')} of ${many(all, 'item', 'items')}, newest first`,
  older: 'Show older',
  earlier: 'Show earlier',
  log: (n: number) => `${many(n, 'item', 'items')}, newest last`,
  picture: (lines: string, n: number) => `Plot of ${many(n, 'point', 'points')}. ${lines}`,
  line: (name: string, low: string, high: string, last: string) =>
    `${name}: between ${low} and ${high}, now ${last}.`,
  left: (n: number) => `${many(n, 'more value', 'more values')} not shown.`,
  heard: (name: string, value: string) => `${name} ${value}`,
  noPlot: 'Couldn’t load the plot. The table shows the same numbers.',
}

type Widen<T> = { [K in keyof T]: T[K] extends string ? string : T[K] }

export type Texts = Widen<typeof en>
