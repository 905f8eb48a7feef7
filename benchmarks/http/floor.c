// The floor: what libcurl does from C, with nothing around it. Same measurements as the Swift driver.
//
//   floor PORT sequential N | concurrent N | burst N | paced N
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAYS = 16 };
static char url[128];
static struct curl_slist *fields;
static long long bytes, latency_sum, samples;

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static size_t count_bytes(char *data, size_t size, size_t count, void *context) {
  (void)data, (void)context;
  bytes += (long long)(size * count);
  return size * count;
}

// A chunk is the time of its sending; libcurl hands over whole chunks.
static size_t measure_latency(char *data, size_t size, size_t count, void *context) {
  (void)context;
  latency_sum += now() - atoll(data);
  samples++;
  bytes += (long long)(size * count);
  return size * count;
}

static CURL *handle(const char *body, curl_write_callback callback) {
  CURL *easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields);
  if (body) curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, callback);
  return easy;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  const char *mode = argv[2];
  int count = atoi(argv[3]);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  fields = curl_slist_append(fields, "Content-Type: application/json");
  fields = curl_slist_append(fields, "X-Api-Key: 0123456789abcdef0123456789abcdef");
  static char body[] =
      "{\"model\":\"floor\",\"max_tokens\":16,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
  int streams = !strcmp(mode, "burst") || !strcmp(mode, "paced");
  if (streams) {
    snprintf(url, sizeof url, "http://127.0.0.1:%s/%s/%d", argv[1], mode, count);
  } else {
    snprintf(url, sizeof url, "http://127.0.0.1:%s/", argv[1]);
  }

  long long start = now();
  if (!strcmp(mode, "concurrent")) {
    CURLM *multi = curl_multi_init();
    int begun = 0, ended = 0;
    for (; begun < WAYS; begun++) curl_multi_add_handle(multi, handle(body, count_bytes));
    start = now();
    while (ended < count) {
      int running, left;
      curl_multi_perform(multi, &running);
      for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
        if (message->data.result) return 1;
        ended++;
        CURL *easy = message->easy_handle;
        curl_multi_remove_handle(multi, easy);
        if (begun++ < count) curl_multi_add_handle(multi, easy);
      }
      if (ended < count) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
  } else {
    CURL *easy = handle(streams ? NULL : body, !strcmp(mode, "paced") ? measure_latency : count_bytes);
    for (int i = 0; i < (streams ? 1 : count); i++) {
      if (curl_easy_perform(easy)) return 1;
    }
  }
  double seconds = (double)(now() - start) / 1e9;
  if (!strcmp(mode, "paced")) {
    printf("%.2f\n", (double)latency_sum / 1e3 / (double)samples);
  } else if (!strcmp(mode, "burst")) {
    printf("%.3f\n", seconds * 1e6 / count);
  } else {
    printf("%.0f\n", count / seconds);
  }
  return bytes == (streams ? 20LL : 111LL) * count ? 0 : 1;
}
