// A client made of the Go module go-retryablehttp. It prints the rows as lines of JSON.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const size = 5

func fetch(client *http.Client, page int) ([]json.RawMessage, error) {
	query := url.Values{
		"start_date": {os.Getenv("SESSION_MOCK_START_DATE")},
		"end_date":   {os.Getenv("SESSION_MOCK_END_DATE")},
		"time_zone":  {"UTC"},
		"limit":      {strconv.Itoa(size)},
		"page":       {strconv.Itoa(page)},
	}
	address := os.Getenv("SESSION_MOCK_RYBBIT_URL") + "/api/sessions/" + os.Getenv("SESSION_MOCK_RYBBIT_SITE")
	request, err := http.NewRequest(http.MethodGet, address+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("SESSION_MOCK_RYBBIT_TOKEN"))
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the API answered %s", response.Status)
	}
	var answer struct{ Data []json.RawMessage }
	err = json.NewDecoder(response.Body).Decode(&answer)
	return answer.Data, err
}

func main() {
	retries := retryablehttp.NewClient()
	retries.RetryMax = 4
	retries.RetryWaitMin = 200 * time.Millisecond
	retries.HTTPClient.Timeout = 2 * time.Second
	client := retries.StandardClient()
	var rows []json.RawMessage
	for page := 1; ; page++ {
		found, err := fetch(client, page)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		rows = append(rows, found...)
		if len(found) < size {
			break
		}
	}
	output := json.NewEncoder(os.Stdout)
	for _, row := range rows {
		output.Encode(row)
	}
}
