// libcurl without linking it: the library is opened at the first use, and its calls go through a
// table. The variadic calls, which Swift cannot import, get one function for each type of argument.
//
// Only the types and constants of <curl/curl.h> are used; never call a `curl_…` function directly
// (the linker would not find it). Every function below except `ccurl_load` and `ccurl_try_library`
// needs a successful `ccurl_load` first.
#ifndef MEMFUN_CCURL_H
#define MEMFUN_CCURL_H

#include <curl/curl.h>
#include <stddef.h>

/// Opens libcurl and initialises it, once in the life of the process; safe from any thread. The
/// first call may take tens of milliseconds (some thirty shared objects are loaded).
/// Returns NULL when libcurl is usable, or the reason why it is not (valid for ever).
const char *ccurl_load(void);

/// Tries one library file without keeping it: 0 when it is a libcurl that could be used, otherwise -1
/// and the reason, zero-terminated, in `reason`.
int ccurl_try_library(const char *name, char *reason, size_t capacity);

/// The version of the loaded library, for example "7.88.1".
const char *ccurl_version(void);

/// The library's text for a result code.
const char *ccurl_strerror(CURLcode code);
const char *ccurl_multi_strerror(CURLMcode code);

CURL *ccurl_easy_new(void);
void ccurl_easy_free(CURL *easy);
CURLcode ccurl_easy_pause(CURL *easy, int mask);

/// curl_easy_setopt by type of the value.
CURLcode ccurl_easy_set_long(CURL *easy, CURLoption option, long value);
CURLcode ccurl_easy_set_string(CURL *easy, CURLoption option, const char *value);
CURLcode ccurl_easy_set_pointer(CURL *easy, CURLoption option, const void *value);
CURLcode ccurl_easy_set_offset(CURL *easy, CURLoption option, curl_off_t value);

/// The four callbacks of a transfer; each gets `context` as its last or first pointer, as libcurl
/// documents it.
CURLcode ccurl_easy_set_callbacks(CURL *easy, curl_write_callback body, curl_write_callback header,
                                  curl_opensocket_callback open_socket, curl_prereq_callback connected,
                                  void *context);

/// curl_easy_getinfo(CURLINFO_PRIVATE): what was set with CURLOPT_PRIVATE, or NULL.
void *ccurl_easy_private(CURL *easy);

struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *line);
void ccurl_slist_free(struct curl_slist *list);

CURLM *ccurl_multi_new(void);
CURLMcode ccurl_multi_free(CURLM *multi);
CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value);
CURLMcode ccurl_multi_add(CURLM *multi, CURL *easy);
CURLMcode ccurl_multi_remove(CURLM *multi, CURL *easy);
CURLMcode ccurl_multi_perform(CURLM *multi, int *running);
/// Sleeps until a transfer can go on, the time is over, or `wake_descriptor` is woken.
CURLMcode ccurl_multi_poll(CURLM *multi, int wake_descriptor, int timeout_milliseconds);

/// A descriptor to wake `ccurl_multi_poll` with: an eventfd, which costs half of what the socket pair of
/// curl_multi_wakeup does. -1 on failure. The caller closes it.
int ccurl_wake_new(void);
/// Wakes the sleeper, or the next one. From any thread.
void ccurl_wake(int wake_descriptor);

/// The next finished transfer and its result, or NULL when there is none.
CURL *ccurl_multi_next_done(CURLM *multi, CURLcode *result);

#endif
