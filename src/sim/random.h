// SPDX-License-Identifier: MIT
// The only source of choice. One seed, several streams: schedule, faults, devices, addresses and the processor profile
// draw separately, so that turning one on does not reshuffle the others (docs/design.md D4).
#pragma once

#include <cstdint>

namespace ringside::sim {

enum class Stream : uint8_t { Schedule, Fault, Device, Address, Profile, Count };

// xoshiro256**, seeded through splitmix64: small, fast, and the same on every host.
class Random {
public:
    Random() = default;
    Random(uint64_t seed, Stream stream)
    {
        uint64_t x = seed * 0x9E3779B97F4A7C15ull + (static_cast<uint64_t>(stream) + 1) * 0xD1B54A32D192ED03ull;
        for (auto& word : m_state) {
            x += 0x9E3779B97F4A7C15ull;
            uint64_t z = x;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
            word = z ^ (z >> 31);
        }
    }

    uint64_t next()
    {
        uint64_t result = rotate(m_state[1] * 5, 7) * 9;
        uint64_t t = m_state[1] << 17;
        m_state[2] ^= m_state[0];
        m_state[3] ^= m_state[1];
        m_state[1] ^= m_state[2];
        m_state[0] ^= m_state[3];
        m_state[2] ^= t;
        m_state[3] = rotate(m_state[3], 45);
        return result;
    }

    // 0 .. bound-1; bound > 0.
    uint64_t below(uint64_t bound) { return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64); }
    bool one_in(uint64_t n) { return below(n) == 0; }

private:
    static uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
    uint64_t m_state[4] {};
};

} // namespace ringside::sim
