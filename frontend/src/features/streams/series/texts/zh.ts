import type { Texts } from './en'

const count = (n: number) => n.toLocaleString('zh-CN')

export const zh: Texts = {
  pause: '暂停',
  resume: '继续',
  waiting: (n) => `，${count(n)} 条新数据`,
  view: '显示方式',
  plot: '图表',
  table: '表格',
  value: '数值',
  time: '时间',
  number: '位置',
  item: '序号',
  newest: (n, all) =>
    n === all
      ? `共 ${count(all)} 条，最新的在前`
      : `共 ${count(all)} 条，显示最新 ${count(n)} 条，最新的在前`,
  older: '显示更早的数据',
  earlier: '显示更早的数据',
  log: (n) => `共 ${count(n)} 条，最新的在后`,
  picture: (lines, n) => `${count(n)} 个点的图表。${lines}`,
  line: (name, low, high, last) => `${name}：介于 ${low} 与 ${high} 之间，当前 ${last}。`,
  left: (n) => `另有 ${count(n)} 个数值未显示。`,
  heard: (name, value) => `${name} ${value}`,
  noPlot: '无法加载图表，可在表格中查看相同的数据。',
}
