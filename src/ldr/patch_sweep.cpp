// SPDX-License-Identifier: MIT
#include "ldr/patch_sweep.h"

#include "hal/layout.h"

#include <algorithm>
#include <deque>
#include <set>

namespace ringside::ldr {

namespace {

constexpr uint32_t kLeafBytesMax = 64 * 1024;

bool in_shared_page(uint64_t address) { return (address & ~0xFFFull) == hal::kWindowsSharedUserData; }

bool ends_straight_line(ZydisDecodedInstruction const& instruction)
{
    switch (instruction.meta.category) {
    case ZYDIS_CATEGORY_RET:
    case ZYDIS_CATEGORY_UNCOND_BR:
        return true;
    default:
        return instruction.mnemonic == ZYDIS_MNEMONIC_INT3 || instruction.mnemonic == ZYDIS_MNEMONIC_UD2;
    }
}

class Sweeper {
public:
    Sweeper(std::span<std::byte const> image, PeFile const& file, SweepOptions const& options)
        : m_bytes(reinterpret_cast<uint8_t const*>(image.data()), image.size()), m_file(file), m_options(options)
    {
    }

    Sweep run()
    {
        for (auto const& function : m_file.functions()) {
            ++m_sweep.functions;
            sweep_range(function.begin, function.end, false);
        }
        if (m_file.entry_point())
            want_leaf(m_file.entry_point());
        for (Export const& row : m_file.exports().rows)
            if (row.forwarder.empty())
                want_leaf(row.rva);
        while (!m_leaves.empty()) {
            uint32_t const begin = m_leaves.front();
            m_leaves.pop_front();
            ++m_sweep.leaves;
            sweep_range(begin, leaf_bound(begin), true);
        }
        finish();
        return std::move(m_sweep);
    }

private:
    pe::RuntimeFunction const* function_at(uint32_t rva) const
    {
        auto const& functions = m_file.functions();
        auto it = std::ranges::upper_bound(functions, rva, {}, &pe::RuntimeFunction::begin);
        return it != functions.begin() && rva < std::prev(it)->end ? &*std::prev(it) : nullptr;
    }
    Section const* code_at(uint32_t rva) const
    {
        for (Section const& section : m_file.sections())
            if (section.execute && rva - section.rva < section.size)
                return &section;
        return nullptr;
    }
    void want_leaf(uint32_t rva)
    {
        if (rva < m_bytes.size() && !function_at(rva) && code_at(rva) && m_leaves_seen.insert(rva).second)
            m_leaves.push_back(rva);
    }
    uint32_t leaf_bound(uint32_t begin) const
    {
        Section const& section = *code_at(begin);
        uint32_t bound = std::min({ section.rva + section.size, begin + kLeafBytesMax, uint32_t(m_bytes.size()) });
        auto const& functions = m_file.functions();
        auto next = std::ranges::lower_bound(functions, begin, {}, &pe::RuntimeFunction::begin);
        return next != functions.end() ? std::min(bound, next->begin) : bound;
    }

    void sweep_range(uint32_t begin, uint32_t end, bool leaf);
    void look(uint32_t rva, std::span<uint8_t const> bytes, ZydisDecodedInstruction const& instruction);
    void follow_shared_data(FoundSite& site, Decoded const& decoded);
    void finish();

    std::span<uint8_t const> m_bytes;
    PeFile const& m_file;
    SweepOptions m_options;
    Sweep m_sweep;
    std::deque<uint32_t> m_leaves;
    std::set<uint32_t> m_leaves_seen;
    std::vector<uint32_t> m_targets; // of direct branches
    uint16_t m_shared = 0;           // bit r: register r holds an address in the shared user data page, on this path
};

void Sweeper::sweep_range(uint32_t begin, uint32_t end, bool leaf)
{
    m_shared = 0;
    uint32_t limit = std::min<uint32_t>(end, uint32_t(m_bytes.size())); // falls to where data is known to begin
    uint32_t furthest = begin; // branch target: a leaf goes on behind a return until there
    uint32_t rva = begin;
    while (rva < limit) {
        auto const bytes = m_bytes.subspan(rva, std::min<size_t>(limit - rva, ZYDIS_MAX_INSTRUCTION_LENGTH));
        ZydisDecodedInstruction instruction;
        ZydisDecoderContext context;
        auto const status
            = ZydisDecoderDecodeInstruction(&decoder(), &context, bytes.data(), bytes.size(), &instruction);
        if (!ZYAN_SUCCESS(status))
            return; // not code after all
        ++m_sweep.instructions;
        uint32_t const next = rva + instruction.length;
        auto const& raw = instruction.raw;
        if (raw.imm[0].is_relative) {
            uint32_t const target = next + uint32_t(raw.imm[0].value.s);
            m_targets.push_back(target);
            if (target >= begin && target < end)
                furthest = std::max(furthest, target);
            else
                want_leaf(target);
        }
        // A table of this function's: addressed by image base and index, or by lea. It ends the code.
        bool const indexed = raw.sib.offset && (raw.sib.index != 4 || raw.rex.X) && (raw.sib.base != 4 || raw.rex.B);
        uint32_t table = indexed && raw.disp.size == 32 ? uint32_t(raw.disp.value) : 0;
        if (instruction.mnemonic == ZYDIS_MNEMONIC_LEA && raw.modrm.mod == 0 && raw.modrm.rm == 5)
            table = next + uint32_t(raw.disp.value);
        if (table >= next && table < limit)
            limit = table;
        look(rva, bytes, instruction);
        if (leaf && next > furthest && ends_straight_line(instruction))
            return;
        rva = next;
    }
}

void Sweeper::look(uint32_t rva, std::span<uint8_t const> bytes, ZydisDecodedInstruction const& instruction)
{
    auto const& raw = instruction.raw;
    bool const shared_address = instruction.mnemonic == ZYDIS_MNEMONIC_MOV
        && ((raw.imm[0].size == 64 && in_shared_page(raw.imm[0].value.u))
            || (raw.disp.size == 64 && in_shared_page(uint64_t(raw.disp.value))));
    bool const care = may_need_care(instruction);
    bool const locked = m_options.explore
        && ((instruction.attributes & ZYDIS_ATTRIB_HAS_LOCK)
            || (instruction.mnemonic == ZYDIS_MNEMONIC_XCHG && raw.modrm.offset && raw.modrm.mod != 3));
    if (!shared_address && !care && !locked && !m_shared)
        return;
    Decoded decoded;
    if (!decode(bytes, decoded))
        return;
    FoundSite site { rva, classify(decoded, bytes), shared_address, true };
    if (site.instruction.operation == Operation::None && locked)
        site.instruction.operation = Operation::Locked;
    follow_shared_data(site, decoded);
    if (site.instruction.operation != Operation::None)
        m_sweep.sites.push_back(site);
}

// The address is often loaded once and used in a loop that waits for time to pass: each load through it is a place
// where time must be able to.
void Sweeper::follow_shared_data(FoundSite& site, Decoded const& decoded)
{
    auto const& instruction = decoded.instruction;
    bool const branch = instruction.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE;
    auto const* memory = decoded.memory();
    if (site.has_shared_address)
        site.instruction.operation = Operation::SharedData;
    else if (memory && !branch && site.instruction.operation == Operation::None) {
        int const base = register_number(memory->mem.base);
        if (memory->mem.type == ZYDIS_MEMOP_TYPE_MEM && base >= 0 && (m_shared >> base & 1)
            && memory->mem.disp.value >= -0x1000 && memory->mem.disp.value < 0x1000)
            site.instruction.operation = Operation::SharedData;
    }
    for (auto const& operand : decoded.all()) {
        if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER || !(operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
            continue;
        if (int const reg = register_number(operand.reg.value); reg >= 0)
            m_shared = uint16_t(m_shared & ~(1u << reg));
    }
    if (instruction.meta.category == ZYDIS_CATEGORY_CALL)
        m_shared &= 0xF0E8; // rbx rbp rsi rdi r12 to r15 survive a call, rsp is never one
    auto const& to = decoded.operands[0];
    bool const immediate = site.has_shared_address && instruction.raw.imm[0].size == 64;
    if (immediate && to.type == ZYDIS_OPERAND_TYPE_REGISTER)
        m_shared = uint16_t(m_shared | 1u << register_number(to.reg.value));
}

void Sweeper::finish()
{
    auto& sites = m_sweep.sites;
    std::ranges::sort(sites, {}, &FoundSite::rva);
    auto const repeated = std::ranges::unique(sites, {}, &FoundSite::rva);
    sites.erase(repeated.begin(), repeated.end());
    // The flags' interrupt bit is only worth a trap where somebody changes it.
    bool const masks = std::ranges::any_of(sites, [](FoundSite const& site) {
        return site.instruction.operation == Operation::DisableInterrupts
            || site.instruction.operation == Operation::EnableInterrupts;
    });
    if (!masks)
        std::erase_if(sites, [](FoundSite const& site) {
            Operation const operation = site.instruction.operation;
            return operation == Operation::PushFlags || operation == Operation::PopFlags;
        });
    std::ranges::sort(m_targets);
    for (size_t i = 0; i < sites.size(); ++i) {
        FoundSite& site = sites[i];
        uint32_t const end = site.rva + site.instruction.length;
        auto target = std::ranges::upper_bound(m_targets, site.rva);
        if (target != m_targets.end() && *target < end)
            site.whole = false;
        if (i + 1 < sites.size() && sites[i + 1].rva < end)
            site.whole = sites[i + 1].whole = false;
    }
}

} // namespace

Sweep sweep_image(std::span<std::byte const> image, PeFile const& file, SweepOptions const& options)
{
    return Sweeper(image, file, options).run();
}

} // namespace ringside::ldr
