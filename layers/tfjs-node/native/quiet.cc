// Keeps TensorFlow's greeting (INFO messages, written while the library loads) off standard error.
//
// TensorFlow asks absl::MinLogLevel() before it writes a message. Loaded first and globally, this answers in its
// place: warnings and above, or what TF_CPP_MIN_LOG_LEVEL says. Setting the variable alone does not help, because
// TensorFlow 2.21 reads it after the first messages. With another absl version this has no effect and does no harm.
#include <cstdlib>

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

extern "C" __attribute__((visibility("default"))) void* napi_register_module_v1(void*, void* exports) {
  return exports;
}
