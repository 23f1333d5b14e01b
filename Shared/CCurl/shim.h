#ifndef GEARTRAIN_CCURL_H
#define GEARTRAIN_CCURL_H

// The checks of the macros are for direct callers.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <sys/socket.h>

// libcurl's setters and getters are variadic, which Swift cannot call: one typed function for each
// kind.

static inline CURLcode geartrain_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode geartrain_curl_set_string(
    CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode geartrain_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode geartrain_curl_set_body(CURL *handle, const void *bytes, long long count) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, bytes);
}

static inline CURLcode geartrain_curl_set_headers(CURL *handle, struct curl_slist *list) {
    return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
}

typedef size_t (*geartrain_curl_receive)(char *bytes, size_t size, size_t count, void *context);
typedef int (*geartrain_curl_progress)(
    void *context, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

// CURLOPT_WRITEFUNCTION or CURLOPT_HEADERFUNCTION.
static inline CURLcode geartrain_curl_set_receive(
    CURL *handle, CURLoption option, geartrain_curl_receive function) {
    return curl_easy_setopt(handle, option, function);
}

static inline CURLcode geartrain_curl_set_progress(CURL *handle, geartrain_curl_progress function) {
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, function);
}

typedef curl_socket_t (*geartrain_curl_open)(
    void *context, curlsocktype purpose, struct curl_sockaddr *address);

// CURLOPT_OPENSOCKETFUNCTION.
static inline CURLcode geartrain_curl_set_open(CURL *handle, geartrain_curl_open function) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, function);
}

// What libcurl itself would do.
static inline curl_socket_t geartrain_curl_open_socket(const struct curl_sockaddr *address) {
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// The address in it, which may be longer than its type says.
static inline const struct sockaddr *geartrain_curl_address(const struct curl_sockaddr *address) {
    return &address->addr;
}

static inline CURLcode geartrain_curl_set_connect_to(CURL *handle, struct curl_slist *list) {
    return curl_easy_setopt(handle, CURLOPT_CONNECT_TO, list);
}

static inline CURLcode geartrain_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode geartrain_curl_get_pointer(CURL *handle, CURLINFO info, void **value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline curl_socket_t geartrain_curl_socket(CURL *handle) {
    curl_socket_t value = CURL_SOCKET_BAD;
    return curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, &value) == CURLE_OK
        ? value : CURL_SOCKET_BAD;
}

static inline CURLMcode geartrain_curl_multi_set_long(
    CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

#endif
