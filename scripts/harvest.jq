# One shape for posts of X (or Bluesky), events of GitHub and RSVPs of Meetup; anything else gives nothing.
{at: ((.timestamp_ms // .mtime | tonumber / 1000 | todate)? // (.time_us / 1e6 | todate)? // .created_at // .data.created_at)} +
if .rsvp_id then
  {source: "Meetup", id: "\(.rsvp_id)", who: .member.member_name, what: .response, text: .event.event_name,
   about: [.group.group_topics[].topic_name]}
elif .actor then
  {source: "GitHub", id, who: .actor.login, what: .type, text: .repo.name,
   about: [.payload.pull_request.base.repo.language // empty]}
elif post_text then
  {source: "X", id: (.id_str // .data.id // .commit.cid), who: (.user.screen_name // .data.author_id // .did), what: language,
   text: post_text, about: hashtags}
else empty end
