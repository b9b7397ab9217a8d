import { language } from '../../i18n/language.svelte'

/** The sentences in which the server says why a live text ended, and how they read in Chinese. */
const SERVER: Readonly<Record<string, string>> = {
  'The producer stopped responding.': '发送方已断开。',
  'The author left the room.': '作者已退出房间。',
  'The author’s session ended.': '作者已退出登录。',
  'The server restarted while this was being written.': '写到一半时服务器重启了。',
  'Too many texts were being written when the server restarted.': '服务器重启时，正在写的内容太多。',
  'There is no assistant any more.': '助手已停用。',
  'The assistant is busy; ask again later.': '助手正忙，请稍后再问。',
  'The assistant has reached its usage limit. Try again later.': '助手的用量已达上限，请稍后再试。',
  'The model declined to answer this.': '模型拒绝回答这个问题。',
  'This conversation is too long for the model.': '对话太长，超出了模型的限制。',
  'The model is not available at the moment.': '模型暂时不可用。',
  'The model cannot be reached.': '无法连接到模型。',
  'The model stopped sending.': '模型停止了输出。',
  'The model took too long.': '模型用时过长。',
  'The connection to the model was cut.': '与模型的连接中断了。',
  'The model reached its length limit.': '回答已达到模型的长度上限。',
  'The model answered nothing.': '模型没有给出回答。',
  'The model’s answer could not be read.': '无法读取模型的回答。',
  'The answer is longer than a stream may be.': '回答太长，超出了限制。',
}

/** Why a live text ended: the server's sentence as it is, in the language of the page; what a person wrote, in quotation marks. */
export function reasonOf(reason: string): string {
  const sentence = reason.replaceAll("'", '’')
  const chinese = SERVER[sentence]
  if (chinese === undefined) return language.t.stream.because(reason)
  return language.code === 'zh' ? chinese : sentence
}
