#include <JavaScriptCore/JavaScript.h>

// Exported by the library, declared in none of its installed headers: calls `callback` when a
// script has run for `limit` seconds; answering true ends the script. The callback must set the
// limit again to be called again.
typedef bool (*JSShouldTerminateCallback)(JSContextRef context, void *pointer);
void JSContextGroupSetExecutionTimeLimit(
    JSContextGroupRef group, double limit, JSShouldTerminateCallback callback, void *pointer);
