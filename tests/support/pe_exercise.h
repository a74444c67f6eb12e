// SPDX-License-Identifier: MIT
// Takes any bytes through everything that reads foreign images: parse, layout, protections, tables, signature. Shared
// by the bounded mutation test and the libFuzzer target. What a good parse promises (ldr/pe.h: P1 to P4) is checked
// with plain conditions that throw, so that it needs no test framework.
#pragma once

#include "ldr/pe_graph.h"
#include "ldr/signature.h"

#include <stdexcept>

namespace ringside::test {

enum class Outcome { Refused, Accepted };

inline void expect(bool condition, char const* words)
{
    if (!condition)
        throw std::logic_error(words);
}

inline Outcome exercise_image(std::span<std::byte const> bytes, bool with_signature)
{
    // A larger image is parsed, but not laid out: mutations of one size field would spend all time on zeroing.
    constexpr uint32_t kLayoutMax = 1 << 20;

    ldr::PeResult result = ldr::PeFile::parse(bytes);
    if (!result) {
        std::string const& reason = result.bad().reason;
        expect(!reason.empty() && reason.size() < 2048, "a refusal is one sentence");
        expect(reason.find('\n') == std::string::npos, "a refusal is one line");
        expect(result.bad().status >> 30 == 3, "a refusal has an error status");
        return Outcome::Refused;
    }
    ldr::PeFile file = result.take();
    uint32_t size = file.headers().size_of_image;
    auto holds = [&](uint64_t rva, uint64_t length) { return rva + length <= size; };

    for (auto const* dlls : { &file.imports(), &file.delay_imports() }) {
        for (ldr::ImportedDll const& dll : *dlls) {
            expect(!dll.name.empty(), "a DLL has a name");
            for (ldr::Import const& import : dll.imports)
                expect(holds(import.slot_rva, 8), "a slot lies in the image");
        }
    }
    for (ldr::Export const& row : file.exports().rows) {
        expect(row.forwarder.empty() == (row.rva != 0), "an export is a place or a forwarder");
        expect(holds(row.rva, 0), "an export lies in the image");
        if (!row.name.empty())
            expect(file.exports().find(row.name) != nullptr, "an export is found by its name");
    }
    uint32_t last_end = 0;
    for (auto const& function : file.functions()) {
        expect(function.begin >= last_end && function.begin < function.end && holds(function.end, 0), "U1");
        expect(function.unwind & 1 || file.view().bytes(function.unwind, sizeof(ldr::pe::UnwindHeader)), "U2");
        last_end = function.end;
    }
    for (uint32_t rva : file.relocations())
        expect(holds(rva, 8), "a relocation lies in the image");
    if (auto cookie = file.load_config().cookie_rva)
        expect(holds(*cookie, 8), "the cookie lies in the image");
    uint64_t last_page = 0;
    for (ldr::Protection const& range : file.protections()) {
        expect(range.rva >= last_page && range.rva % 4096 == 0 && range.size % 4096 == 0,
               "protections are whole pages");
        last_page = uint64_t(range.rva) + range.size;
        expect(last_page <= file.memory_size(), "protections lie in the image");
    }
    (void)file.debug().pdb_key();
    (void)file.why_not_a_driver();

    if (file.memory_size() <= kLayoutMax) {
        // Exactly as large as asked for, so that a sanitizer sees one byte too many.
        std::vector<std::byte> memory(file.memory_size());
        (void)file.layout(memory, 0x300000000000);
        expect(!file.layout(memory, file.preferred_base() & ~0xFFFull), "every image fits its own base");
    }
    if (with_signature)
        expect(!ldr::read_signatures(file).words().empty(), "a signature is described");
    return Outcome::Accepted;
}

} // namespace ringside::test
