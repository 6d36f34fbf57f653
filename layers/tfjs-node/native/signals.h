// Keeps signals away from threads that run TensorFlow.
//
// While oneDNN multiplies matrices with more than some thousand columns, on processors with AVX, its code points the stack
// register into a buffer that malloc gave it. A signal's frame is written below that register: over malloc's own books.
// Every handler on such a thread's stack, of SIGTERM or of SIGCHLD, could so end the process minutes later.
#pragma once

#ifdef __linux__
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <thread>

namespace maas {

// All but those that a thread causes itself, which must come to it.
inline sigset_t signalsFromElsewhere() {
  sigset_t all;
  sigfillset(&all);
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) sigdelset(&all, own);
  return all;
}

// For a thread of ours, and the threads that it starts.
inline void refuseSignals() {
  const sigset_t all = signalsFromElsewhere();
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

// Where handlers of the thread that ask for it run instead, as long as the thread lives.
class HandlerStack {
 public:
  HandlerStack() {
    stack_t present = {};
    if (sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0) return;
    memory_ = std::malloc(bytes);
    stack_t stack = {};
    stack.ss_sp = memory_;
    stack.ss_size = bytes;
    if (memory_ != nullptr) sigaltstack(&stack, nullptr);
  }
  ~HandlerStack() {
    if (memory_ == nullptr) return;
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
    std::free(memory_);
  }
  HandlerStack(const HandlerStack&) = delete;

 private:
  static constexpr size_t bytes = 256 * 1024;
  void* memory_ = nullptr;
};

// For a thread of JavaScript: a thread that does nothing else takes its signals, and tells the event loop as any does.
// SIGPROF stays, since V8's profiler sends it to the very thread; its handler asks for a stack of its own.
inline void leaveSignalsToAnother() {
  static std::once_flag once;
  std::call_once(once, [] {
    std::thread([] {
      for (;;) pause();
    }).detach();
  });
  static thread_local HandlerStack stack;
  sigset_t others = signalsFromElsewhere();
  sigdelset(&others, SIGPROF);
  pthread_sigmask(SIG_BLOCK, &others, nullptr);
}

}  // namespace maas
#else
namespace maas {
inline void refuseSignals() {}
inline void leaveSignalsToAnother() {}
}  // namespace maas
#endif
