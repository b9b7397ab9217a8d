import type { Member } from '../../client'

/**
 * The members to list as away: of guests of one name only the last, and none of a name that a guest has who is online. A guest who
 * enters again is another person to the server, and those before do not come back.
 */
export function listedAway(members: readonly Member[]): Member[] {
  const rank = (member: Member): string => `${member.online} ${member.joined_at}`
  const guests = members.filter((member) => member.user.guest).sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
  const last = new Map(guests.map((member) => [member.user.name, member]))
  return members.filter(
    (member) => !member.online && (!member.user.guest || last.get(member.user.name) === member),
  )
}
