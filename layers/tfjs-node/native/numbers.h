// Reads nested JSON lists of numbers straight into float32, with the bits that JSON.parse and Math.fround would give.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace maas {

class NumberReader {
 public:
  NumberReader(const char* begin, const char* end) : at_(begin), end_(end) {}

  // False for anything but equally long, non-empty lists of numbers that float32 holds.
  bool read() {
    values_.reserve((end_ - at_) / 8);
    return at_ < end_ && *at_ == '[' && readList(0);
  }

  const std::vector<int64_t>& shape() const { return shape_; }
  const std::vector<float>& values() const { return values_; }
  // After the last bracket.
  const char* position() const { return at_; }

 private:
  static constexpr size_t kDeepest = 16;

  void skipSpace() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) at_++;
  }

  // Lists of one depth are all as long as the first, and hold lists or numbers as it does.
  bool readList(size_t depth) {
    if (depth == kDeepest) return false;
    const bool first = shape_.size() == depth;
    if (first) {
      if (complete_) return false;
      shape_.push_back(0);
    }
    at_++;
    int64_t count = 0;
    for (;;) {
      skipSpace();
      if (at_ == end_) return false;
      if (*at_ == '[') {
        if (complete_ && depth + 1 == shape_.size()) return false;
        if (!readList(depth + 1)) return false;
      } else {
        if (depth + 1 != shape_.size()) return false;
        complete_ = true;
        if (!readNumber()) return false;
      }
      count++;
      skipSpace();
      if (at_ == end_) return false;
      if (*at_ == ',') {
        at_++;
        continue;
      }
      if (*at_ != ']') return false;
      at_++;
      break;
    }
    if (first) shape_[depth] = count;
    return shape_[depth] == count;
  }

  static bool isDigit(char c) { return c >= '0' && c <= '9'; }

  bool readNumber() {
    const bool negative = *at_ == '-';
    if (negative) at_++;
    if (at_ == end_ || !isDigit(*at_)) return false;
    uint64_t digits = 0;
    int kept = 0;
    int64_t exponent = 0;
    const auto take = [&](char c, bool fraction) {
      // 19 digits fit; what the others add is far below what is checked at the end.
      if (kept < 19) {
        digits = digits * 10 + static_cast<uint64_t>(c - '0');
        if (digits != 0) kept++;
        if (fraction) exponent--;
      } else if (!fraction) {
        exponent++;
      }
    };
    if (*at_ == '0') {
      at_++;
      if (at_ < end_ && isDigit(*at_)) return false;
    } else {
      while (at_ < end_ && isDigit(*at_)) take(*at_++, false);
    }
    if (at_ < end_ && *at_ == '.') {
      at_++;
      if (at_ == end_ || !isDigit(*at_)) return false;
      while (at_ < end_ && isDigit(*at_)) take(*at_++, true);
    }
    if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
      at_++;
      bool down = false;
      if (at_ < end_ && (*at_ == '-' || *at_ == '+')) down = *at_++ == '-';
      if (at_ == end_ || !isDigit(*at_)) return false;
      int64_t stated = 0;
      for (; at_ < end_ && isDigit(*at_); at_++) stated = stated > 9999 ? stated : stated * 10 + (*at_ - '0');
      exponent += down ? -stated : stated;
    }
    float value = 0;
    if (!toFloat(digits, exponent, value)) return false;
    values_.push_back(negative ? -value : value);
    return true;
  }

  // digits * 10^exponent. Where digits and power are exact doubles, one rounding gives the nearest double. Elsewhere at
  // most five roundings of half a unit in the last place lie between `near` and the exact number: if all numbers within
  // eight such units round to one float, it is the answer, also by way of the nearest double. If not, the number is
  // next to the middle between two floats, which is rare.
  static bool toFloat(uint64_t digits, int64_t exponent, float& value) {
    static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                         1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (digits == 0) {
      value = 0;
      return true;
    }
    if (exponent < -66 || exponent > 44) return false;
    const bool exact = digits < (1ull << 53) && exponent >= -22 && exponent <= 22;
    double near = static_cast<double>(digits);
    for (; exponent > 22; exponent -= 22) near *= kPowers[22];
    for (; exponent < -22; exponent += 22) near /= kPowers[22];
    near = exponent < 0 ? near / kPowers[-exponent] : near * kPowers[exponent];
    const float low = static_cast<float>(exact ? near : near * (1 - 0x1p-50));
    const float high = static_cast<float>(exact ? near : near * (1 + 0x1p-50));
    if (low != high || std::isinf(high)) return false;
    value = low;
    return true;
  }

  const char* at_;
  const char* end_;
  std::vector<int64_t> shape_;
  std::vector<float> values_;
  // Whether the innermost depth is known.
  bool complete_ = false;
};

}  // namespace maas
