// SPDX-License-Identifier: MIT
#include "sim/log.h"

#include "base/check.h"

#include <cstring>

namespace ringside::sim {

namespace {
constexpr size_t kTextsKept = 65536;
}

Log::Log(size_t capacity) : m_records(capacity), m_mask(capacity - 1)
{
    CHECK(capacity && (capacity & m_mask) == 0, "the log's capacity is a power of two");
}

uint64_t Log::add_text(std::string_view text)
{
    uint64_t word = text.size();
    for (size_t i = 0; i < text.size(); i += 8) {
        uint64_t piece = 0;
        std::memcpy(&piece, text.data() + i, std::min<size_t>(8, text.size() - i));
        word = mix(word, piece);
    }
    m_hash = mix(m_hash, word);
    if (m_texts.size() == kTextsKept) {
        m_texts.pop_front();
        ++m_texts_dropped;
    }
    m_texts.emplace_back(text);
    return m_texts_dropped + m_texts.size() - 1;
}

std::string_view Log::text(uint64_t number) const
{
    if (number < m_texts_dropped || number - m_texts_dropped >= m_texts.size())
        return "(text no longer kept)";
    return m_texts[number - m_texts_dropped];
}

} // namespace ringside::sim
