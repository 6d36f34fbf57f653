// What must be there before TensorFlow is: an answer to how much it may write, a thread that takes signals in its place, and
// one that loads it early.
//
// TensorFlow greets with INFO messages on standard error while its library loads. It asks absl::MinLogLevel() before it
// writes a message. Loaded first and globally, this answers in its place: warnings and above, or what
// TF_CPP_MIN_LOG_LEVEL says. Setting the variable alone does not help, because TensorFlow 2.21 reads it after the first
// messages. With another absl version this has no effect and does no harm.
#include <dlfcn.h>
#include <node_api.h>

#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

#include "signals.h"

namespace absl {
inline namespace lts_20250814 {

enum class LogSeverityAtLeast : int { kInfo = 0, kWarning = 1, kError = 2, kFatal = 3 };

__attribute__((visibility("default"))) LogSeverityAtLeast MinLogLevel() {
  const char* wanted = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  const bool stated = wanted != nullptr && wanted[0] >= '0' && wanted[0] <= '3';
  return stated ? static_cast<LogSeverityAtLeast>(wanted[0] - '0') : LogSeverityAtLeast::kWarning;
}

}  // namespace lts_20250814
}  // namespace absl

namespace {

// Loads on it, once; kept until the process ends.
std::thread& loader() {
  static auto& thread = *new std::thread();
  return thread;
}

void load(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) return;
  const auto prepare = reinterpret_cast<void (*)()>(dlsym(library, "maasPrepare"));
  if (prepare != nullptr) prepare();
}

// preload(path): loads the session addon, and TensorFlow with it, on a thread of its own and lets it prepare itself.
// Who loads it meanwhile waits for what is left; what fails here fails there too, and is reported there.
napi_value preload(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  size_t length = 0;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok) return nullptr;
  if (napi_get_value_string_utf8(env, argument, nullptr, 0, &length) != napi_ok) {
    napi_throw_type_error(env, nullptr, "preload takes the path of session.node");
    return nullptr;
  }
  std::string path(length, '\0');
  napi_get_value_string_utf8(env, argument, path.data(), length + 1, &length);
  static std::once_flag once;
  std::call_once(once, [&] { loader() = std::thread(load, path); });
  return nullptr;
}

// settle(): waits for what preload began. A process must not end, and take down what is still being built up.
napi_value settle(napi_env, napi_callback_info) {
  if (loader().joinable()) loader().join();
  return nullptr;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  const napi_property_descriptor properties[] = {
      {"preload", nullptr, preload, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"settle", nullptr, settle, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, sizeof(properties) / sizeof(*properties), properties);
  maas::leaveSignalsToAnother();
  return exports;
}
