// Reads nested JSON lists of numbers straight into float32, with the bits that JSON.parse and Math.fround would give.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
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

  static constexpr uint64_t kFits = 10000000000000000000u;

  // Digits from `at_` on, appended to `digits` as long as these fit: 19 do, and what further ones add is far below what
  // is checked at the end. The number of digits that were left out.
  int64_t readDigits(uint64_t& digits) {
    static constexpr uint64_t kTens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    static constexpr uint64_t kMost[] = {kFits,        kFits / 10,      kFits / 100,      kFits / 1000,     kFits / 10000,
                                         kFits / 100000, kFits / 1000000, kFits / 10000000, kFits / 100000000};
    while (end_ - at_ >= 8) {
      uint64_t eight = 0;
      const int count = leadingDigits(at_, eight);
      if (digits >= kMost[count]) break;
      digits = digits * kTens[count] + eight;
      at_ += count;
      if (count < 8) return 0;
    }
    int64_t left = 0;
    for (; at_ < end_ && isDigit(*at_); at_++) {
      if (digits < kFits / 10) {
        digits = digits * 10 + static_cast<uint64_t>(*at_ - '0');
      } else {
        left++;
      }
    }
    return left;
  }

  // How many of the eight characters from `at` on are digits, up to the first other one, and their value: all at once,
  // because numbers differ in length, and a loop over digits is guessed wrong at the end of each.
  static int leadingDigits(const char* at, uint64_t& value) {
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first character is the lowest byte");
    uint64_t text;
    std::memcpy(&text, at, sizeof(text));
    const uint64_t digits = text ^ 0x3030303030303030;
    // 10 and above reaches the highest bit of its byte; what is carried on touches later characters alone.
    const uint64_t others = ((digits + 0x7676767676767676) | digits) & 0x8080808080808080;
    const int count = others == 0 ? 8 : __builtin_ctzll(others) / 8;
    // Zeros in front instead of what follows; in two steps, since one of 64 bits is none.
    const int half = 32 - 4 * count;
    uint64_t pairs = (digits << half) << half;
    pairs = pairs * 10 + (pairs >> 8);
    const uint64_t every = 0x000000FF000000FF;
    value = ((pairs & every) * 0x000F424000000064 + ((pairs >> 16) & every) * 0x0000271000000001) >> 32;
    return count;
  }

  bool readNumber() {
    const bool negative = *at_ == '-';
    if (negative) at_++;
    if (at_ == end_ || !isDigit(*at_)) return false;
    uint64_t digits = 0;
    int64_t exponent = 0;
    if (*at_ == '0') {
      at_++;
      if (at_ < end_ && isDigit(*at_)) return false;
    } else {
      exponent = readDigits(digits);
    }
    if (at_ < end_ && *at_ == '.') {
      at_++;
      if (at_ == end_ || !isDigit(*at_)) return false;
      const char* const begin = at_;
      exponent += readDigits(digits);
      exponent -= at_ - begin;
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

  // digits * 10^exponent. At most five roundings of half a unit in the last place lie between `near` and the exact number:
  // if all numbers within eight such units round to one float, it is the answer, also by way of the nearest double. If
  // not, the number is next to the middle between two floats, which is rare; where digits and power are exact doubles,
  // `near` then had one rounding and is the nearest double.
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
    value = static_cast<float>(near * (1 - 0x1p-50));
    if (value != static_cast<float>(near * (1 + 0x1p-50))) {
      if (!exact) return false;
      value = static_cast<float>(near);
    }
    return !std::isinf(value);
  }

  const char* at_;
  const char* end_;
  std::vector<int64_t> shape_;
  std::vector<float> values_;
  // Whether the innermost depth is known.
  bool complete_ = false;
};

// Where the first number is that is infinite or none; `length` when all are finite. Exponents of ones overflow into the
// sign, and blocks of a fixed length are what compilers take several at a time.
inline size_t firstNotFinite(const float* values, size_t length) {
  constexpr size_t block = 256;
  constexpr uint32_t exponent = 0x7f800000, lowest = 0x00800000, sign = 0x80000000;
  size_t at = 0;
  for (; at + block <= length; at += block) {
    uint32_t bits[block], seen = 0;
    std::memcpy(bits, values + at, sizeof(bits));
    for (size_t i = 0; i < block; i++) seen |= (bits[i] & exponent) + lowest;
    if ((seen & sign) != 0) break;
  }
  while (at < length && std::isfinite(values[at])) at++;
  return at;
}

}  // namespace maas
