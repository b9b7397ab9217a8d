import type { Member } from '../../client'

/**
 * The members to list as away: of guests of one name only the last, and none whose name somebody has who is here. A guest who
 * enters again is another person to the server, and those before do not come back.
 */
export function listedAway(members: readonly Member[]): Member[] {
  const last = new Map<string, Member>()
  for (const member of members) {
    if (!member.user.guest) continue
    const known = last.get(member.user.name)
    if (known === undefined || rank(member) > rank(known)) last.set(member.user.name, member)
  }
  return members.filter(
    (member) => !member.online && (!member.user.guest || last.get(member.user.name) === member),
  )
}

const rank = (member: Member): string => `${member.online ? 1 : 0} ${member.joined_at} ${member.user.id}`
