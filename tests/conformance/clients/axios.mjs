// A client made of the npm packages axios and axios-retry: `node axios.mjs`. Prints the rows as lines of JSON.
import axios from "axios";
import axiosRetry from "axios-retry";

const client = axios.create({
  baseURL: process.env.SESSION_MOCK_RYBBIT_URL,
  headers: { authorization: `Bearer ${process.env.SESSION_MOCK_RYBBIT_TOKEN}` },
  timeout: 2000,
});
axiosRetry(client, { retries: 4, retryDelay: axiosRetry.exponentialDelay, shouldResetTimeout: true });

const size = 5;
const rows = [];
for (let page = 1; ; page++) {
  const answer = await client.get(`/api/sessions/${process.env.SESSION_MOCK_RYBBIT_SITE}`, {
    params: {
      start_date: process.env.SESSION_MOCK_START_DATE,
      end_date: process.env.SESSION_MOCK_END_DATE,
      time_zone: "UTC",
      limit: size,
      page,
    },
  });
  rows.push(...answer.data.data);
  if (answer.data.data.length < size) break;
}
for (const row of rows) console.log(JSON.stringify(row));
