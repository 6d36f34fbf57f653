// Deals lots of work out over the calling thread and helpers that stay.
#pragma once

#ifdef __linux__
#include <pthread.h>
#include <sched.h>
#endif

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "signals.h"

namespace maas {

// A thread that stays: what TensorFlow prepares for a thread's first run of a shape serves all later ones. Never joined,
// since it waits for work until the process ends.
class Helper {
 public:
  Helper() {
    std::thread thread([this] { loop(); });
#ifdef __linux__
    thread_ = thread.native_handle();
#endif
    thread.detach();
  }

  void give(std::function<void()> task) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

  // On a machine with other work Linux likes to wake a thread where its waker runs, behind whom it then waits although
  // the waker is as long at work itself: the two ran one after the other. So a helper keeps off its caller's processor.
  void keepOffThisProcessor() {
#ifdef __linux__
    const int here = sched_getcpu();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (here < 0 || here == avoided_) return;
    cpu_set_t allowed;
    if (pthread_getaffinity_np(pthread_self(), sizeof(allowed), &allowed) != 0) return;
    CPU_CLR(here, &allowed);
    if (CPU_COUNT(&allowed) > 0 && pthread_setaffinity_np(thread_, sizeof(allowed), &allowed) == 0) avoided_ = here;
#endif
  }

 private:
  [[noreturn]] void loop() {
    refuseSignals();
    for (;;) {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return !tasks_.empty(); });
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }

#ifdef __linux__
  pthread_t thread_;
  int avoided_ = -1;
#endif
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
};

// Helpers by number, made when they are first wanted and never ended.
class Helpers {
 public:
  Helper& operator[](size_t index) {
    const std::lock_guard<std::mutex> lock(mutex_);
    while (helpers_.size() <= index) helpers_.emplace_back();
    return helpers_[index];
  }

 private:
  std::mutex mutex_;
  std::deque<Helper> helpers_;
};

// What a processor is told that waits in a loop.
inline void pauseABit() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Lots that are taken one by one, by whoever has time.
class Lots {
 public:
  // `work` takes the number of a lot and throws nothing.
  Lots(size_t count, std::function<void(size_t)> work) : count_(count), open_(count), work_(std::move(work)) {}

  // Works until no lot is left to take; who comes when all are taken does nothing.
  void work() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (next_ < count_) {
      const size_t lot = next_++;
      lock.unlock();
      work_(lot);
      lock.lock();
      if (--open_ == 0) done_.notify_all();
    }
  }

  // Stays awake for so long before it sleeps until all lots are done.
  void wait(std::chrono::microseconds awake) {
    const auto sleeps = std::chrono::steady_clock::now() + awake;
    while (open_ > 0 && std::chrono::steady_clock::now() < sleeps) pauseABit();
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return open_ == 0; });
  }

 private:
  const size_t count_;
  std::atomic<size_t> open_;
  size_t next_ = 0;
  const std::function<void(size_t)> work_;
  std::mutex mutex_;
  std::condition_variable done_;
};

// Runs work(0) to work(count - 1), each once, on this thread and as many helpers as there are further lots. A helper that
// gets a processor too late finds its lot done.
inline void runLots(size_t count, std::function<void(size_t)> work) {
  static auto& helpers = *new Helpers();
  const auto lots = std::make_shared<Lots>(count, std::move(work));
  for (size_t further = 1; further < count; further++) {
    Helper& helper = helpers[further - 1];
    helper.keepOffThisProcessor();
    helper.give([lots] { lots->work(); });
  }
  lots->work();
  // Equal lots end nearly at once: to sleep and be woken would take as long as the wait.
  lots->wait(std::chrono::microseconds(100));
}

// Stands in for the calling thread in runs off the event loop: the one with the lowest number that is free, so that who
// never runs two at a time always has the same, prepared one.
class StandIn {
 public:
  StandIn() {
    const std::lock_guard<std::mutex> lock(mutex());
    while (number_ < taken().size() && taken()[number_]) number_++;
    if (number_ == taken().size()) taken().push_back(false);
    taken()[number_] = true;
  }
  ~StandIn() {
    const std::lock_guard<std::mutex> lock(mutex());
    taken()[number_] = false;
  }
  StandIn(const StandIn&) = delete;

  // Runs `work`, which throws nothing, and waits for it.
  void run(std::function<void()> work) const {
    static auto& helpers = *new Helpers();
    const auto lot = std::make_shared<Lots>(1, [&work](size_t) { work(); });
    helpers[number_].give([lot] { lot->work(); });
    lot->wait(std::chrono::microseconds(0));
  }

 private:
  static std::mutex& mutex() {
    static auto& one = *new std::mutex();
    return one;
  }
  static std::vector<bool>& taken() {
    static auto& all = *new std::vector<bool>();
    return all;
  }

  size_t number_ = 0;
};

}  // namespace maas
