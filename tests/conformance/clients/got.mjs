// A client made of the npm package got, with its own retries: `node got.mjs`. Prints the rows as lines of JSON.
import got from "got";

const url = `${process.env.SESSION_MOCK_RYBBIT_URL}/api/sessions/${process.env.SESSION_MOCK_RYBBIT_SITE}`;
const size = 5;
const rows = [];
for (let page = 1; ; page++) {
  const answer = await got(url, {
    searchParams: {
      start_date: process.env.SESSION_MOCK_START_DATE,
      end_date: process.env.SESSION_MOCK_END_DATE,
      time_zone: "UTC",
      limit: size,
      page,
    },
    headers: { authorization: `Bearer ${process.env.SESSION_MOCK_RYBBIT_TOKEN}` },
    timeout: { request: 2000 },
    retry: { limit: 4 },
  }).json();
  rows.push(...answer.data);
  if (answer.data.length < size) break;
}
for (const row of rows) console.log(JSON.stringify(row));
