// SPDX-License-Identifier: MIT
#include "ldr/patch.h"

#include "hal/processor.h"
#include "ldr/patch_code.h"
#include "ldr/trap.h"

#include <algorithm>
#include <cstring>

namespace ringside::ldr {

Patcher* g_patcher = nullptr;

namespace {

constexpr uint8_t kJump = 0xE9;
constexpr uint8_t kTrap = 0xF4;
constexpr size_t kJumpBytes = 5;
constexpr size_t kTrampolineBytes = 96; // the largest form of emit()
constexpr uintptr_t kNearBytes = 512 * hal::kMiB;

// Runs again after a schedule point; the others are done by the trampoline or the kernel.
bool resumes(Operation operation) { return operation == Operation::SharedData || operation == Operation::Locked; }

// Left to trap: seldom run, and patching would gain nothing but speed.
bool stays_native(Operation operation)
{
    return is_privileged(operation) && operation != Operation::ReadIrql && operation != Operation::WriteIrql;
}

uint8_t* pointer(uintptr_t address) { return reinterpret_cast<uint8_t*>(address); }

void emit_into_kernel(CodeBuffer& code, Site const& site)
{
    code.push(reinterpret_cast<uint64_t>(&site));
    code.jump_far(reinterpret_cast<uintptr_t>(&ringside_patched));
}

// The instruction elsewhere; false when what it addresses relative to itself is out of reach from there.
bool emit_moved(CodeBuffer& code, Site const& site, bool relative, size_t displacement_at)
{
    uint8_t bytes[15];
    auto const& from = site.instruction;
    std::memcpy(bytes, from.bytes, from.length);
    if (relative) {
        int32_t displacement;
        std::memcpy(&displacement, bytes + displacement_at, sizeof displacement);
        auto const moved = static_cast<int64_t>(site.address - code.here()) + displacement;
        displacement = static_cast<int32_t>(moved);
        if (displacement != moved)
            return false;
        std::memcpy(bytes + displacement_at, &displacement, sizeof displacement);
    }
    code.bytes(std::span(bytes, from.length));
    return true;
}

// `second` is for the schedule point behind a locked instruction.
bool emit(CodeBuffer& code, Site& site, Site& second)
{
    auto const& instruction = site.instruction;
    uintptr_t const behind = site.address + instruction.length;
    constexpr unsigned kRcx = 1;
    switch (instruction.operation) {
    case Operation::ReadIrql:
        code.load_byte_from_region(instruction.reg, hal::kPcrIrql);
        code.jump(behind);
        return true;
    case Operation::WriteIrql: {
        // push rcx; movzx rcx, gs:[pending]; jrcxz fast; pop rcx; into the kernel; fast: pop rcx; mov gs:[irql], reg
        code.bytes({ 0x51 });
        code.load_byte_from_region(kRcx, hal::kPcrSoftwareInterrupt);
        CodeBuffer slow(code.here() + 2);
        slow.bytes({ 0x59 });
        emit_into_kernel(slow, site);
        code.bytes({ 0xE3, static_cast<uint8_t>(slow.code().size()) });
        code.bytes(slow.code());
        code.bytes({ 0x59 });
        code.store_byte_to_region(hal::kPcrIrql, instruction.reg);
        code.jump(behind);
        return true;
    }
    default:
        break;
    }
    emit_into_kernel(code, site);
    if (!resumes(instruction.operation))
        return true;
    ZydisDecodedInstruction decoded;
    auto const status
        = ZydisDecoderDecodeInstruction(&decoder(), nullptr, instruction.bytes, instruction.length, &decoded);
    CHECK(ZYAN_SUCCESS(status), "an instruction cannot be decoded a second time");
    bool const relative = decoded.raw.modrm.offset && decoded.raw.modrm.mod == 0 && decoded.raw.modrm.rm == 5;
    site.resume = code.here();
    if (!emit_moved(code, site, relative, decoded.raw.disp.offset))
        return false;
    // Once more behind it: what it exchanged is seen by others before the driver looks at anything else.
    if (instruction.operation == Operation::Locked) {
        second.address = behind;
        second.instruction.operation = Operation::Locked;
        emit_into_kernel(code, second);
        second.resume = code.here();
    }
    code.jump(behind);
    return true;
}

} // namespace

size_t PatchReport::count(Operation operation, Entry entry) const
{
    return static_cast<size_t>(std::ranges::count_if(
        lines, [&](Line const& line) { return line.operation == operation && line.entry == entry; }));
}

std::string PatchReport::text() const
{
    std::string out;
    for (size_t i = 0; i < static_cast<size_t>(Operation::Count); ++i) {
        auto const operation = static_cast<Operation>(i);
        size_t const jumps = count(operation, Entry::Jump);
        size_t const traps = count(operation, Entry::Trap) + count(operation, Entry::Native);
        size_t const left = count(operation, Entry::Left);
        if (jumps || traps || left)
            out += fmt::format("{}: {} patched, {} trapped{}\n", operation_name(operation), jumps, traps,
                               left ? fmt::format(", {} left as they are", left) : "");
    }
    return out;
}

Patcher::Patcher(TrampolineSpace& space) : m_space(space)
{
    CHECK(!g_patcher, "one machine is live per process at a time");
    g_patcher = this;
}

Patcher::~Patcher()
{
    for (auto& [owner, image] : m_images)
        if (!image.gone)
            m_space.release(owner);
    g_patcher = nullptr;
}

PatchReport Patcher::patch(uint32_t owner, std::span<std::byte> memory, PeFile const& file, SweepOptions const& options)
{
    Sweep sweep = sweep_image(memory, file, options);
    Image& image = m_images[owner];
    image.memory = memory;
    PatchReport report { {}, sweep.instructions, sweep.functions, sweep.leaves, 0 };
    for (auto found = sweep.sites.rbegin(); found != sweep.sites.rend(); ++found) {
        Site const& site = apply(owner, image, *found);
        report.lines.push_back({ found->rva, site.instruction.operation, site.entry });
    }
    std::ranges::reverse(report.lines);
    m_space.seal(owner);
    report.trampoline_pages = m_space.pages(owner);
    return report;
}

Site& Patcher::apply(uint32_t owner, Image& image, FoundSite const& found)
{
    auto const base = reinterpret_cast<uintptr_t>(image.memory.data());
    Site& site = image.sites.emplace_back();
    site.address = base + found.rva;
    site.instruction = found.instruction;
    uint8_t* const code = pointer(site.address);
    size_t const length = found.instruction.length;
    if (stays_native(found.instruction.operation))
        return site;
    if (found.has_shared_address) {
        uint64_t address;
        uint8_t* const field = site.instruction.bytes + length - sizeof address;
        std::memcpy(&address, field, sizeof address);
        address = hal::kSharedUserData + (address & (hal::kPageSize - 1));
        std::memcpy(field, &address, sizeof address);
        std::memcpy(code, site.instruction.bytes, length);
    }

    uintptr_t const end = base + image.memory.size();
    uintptr_t const behind_jump = site.address + kJumpBytes;
    Window const near { end + hal::kPageSize, end + kNearBytes };
    if (found.whole && length >= kJumpBytes) {
        if (place(owner, site, near))
            site.entry = Entry::Jump;
    } else if (found.whole && length >= 2 && behind_jump <= end) {
        // The bytes behind the instruction are the high ones of the displacement.
        int32_t forced;
        std::memcpy(&forced, code + 1, sizeof forced);
        unsigned const free_bits = 8 * static_cast<unsigned>(length - 1);
        forced = static_cast<int32_t>(static_cast<uint32_t>(forced) >> free_bits << free_bits);
        uintptr_t const first = behind_jump + static_cast<uintptr_t>(static_cast<intptr_t>(forced));
        if (place(owner, site, { first, first + (uintptr_t { 1 } << free_bits) - 1 }))
            site.entry = Entry::Jump;
    }
    if (site.entry == Entry::Jump) {
        auto const distance = static_cast<int32_t>(site.trampoline - behind_jump);
        uint8_t jump[kJumpBytes] = { kJump };
        std::memcpy(jump + 1, &distance, sizeof distance);
        CHECK(length >= kJumpBytes || std::memcmp(jump + length, code + length, kJumpBytes - length) == 0,
              "a jump would have changed the next instruction");
        std::memcpy(code, jump, std::min(length, kJumpBytes));
        if (length > kJumpBytes)
            std::memset(code + kJumpBytes, 0xCC, length - kJumpBytes);
        return site;
    }
    // Where no jump fits: a trap leads to the same code, which then may stand anywhere near.
    bool const placed = place(owner, site, near);
    if (is_privileged(site.instruction.operation))
        site.entry = Entry::Native;
    else if (placed) {
        site.entry = Entry::Trap;
        *code = kTrap;
    } else
        site.entry = Entry::Left;
    return site;
}

// Puts the site's trampoline into the window, if there is room and all that it addresses is in reach.
bool Patcher::place(uint32_t owner, Site& site, Window window)
{
    auto const at = m_space.allocate(owner, window.first, window.last, kTrampolineBytes);
    if (!at)
        return false;
    CodeBuffer code(*at);
    bool const locked = site.instruction.operation == Operation::Locked;
    Site none;
    if (!emit(code, site, locked ? m_behind_locked.emplace_back() : none)) {
        site.resume = 0;
        return false;
    }
    std::memcpy(pointer(*at), code.code().data(), code.code().size());
    site.trampoline = *at;
    site.trampoline_size = static_cast<uint32_t>(code.code().size());
    index(site);
    return true;
}

void Patcher::index(Site& site)
{
    m_by_address[site.address] = &site;
    m_by_trampoline[site.trampoline] = &site;
}

Site* Patcher::site_at(uintptr_t address) const
{
    auto it = m_by_address.find(address);
    return it == m_by_address.end() ? nullptr : it->second;
}

Site* Patcher::site_of_trampoline(uintptr_t address) const
{
    auto it = m_by_trampoline.upper_bound(address);
    if (it == m_by_trampoline.begin())
        return nullptr;
    Site* site = std::prev(it)->second;
    return address - site->trampoline < site->trampoline_size ? site : nullptr;
}

void Patcher::forget(uint32_t owner)
{
    auto it = m_images.find(owner);
    if (it == m_images.end() || it->second.gone)
        return;
    m_space.release(owner);
    // The sites stay: a thread that comes back into a trampoline of an unloaded driver is reported as in the driver.
    for (Site const& site : it->second.sites)
        m_by_address.erase(site.address);
    it->second.gone = true;
}

Site* Patcher::add_shared_data_site(uintptr_t address, Decoded const& decoded, std::span<uint8_t const> bytes)
{
    auto const* memory = decoded.memory();
    if (!memory || decoded.instruction.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE)
        return nullptr;
    // A register that the instruction does not use, for the address. It must not use the stack either, where that
    // register's value waits.
    uint32_t used = 1u << 4;
    for (auto const& operand : decoded.all()) {
        bool const is_memory = operand.type == ZYDIS_OPERAND_TYPE_MEMORY;
        ZydisRegister const regs[] = { is_memory ? operand.mem.base : operand.reg.value,
                                       is_memory ? operand.mem.index : ZYDIS_REGISTER_NONE };
        if (!is_memory && operand.type != ZYDIS_OPERAND_TYPE_REGISTER)
            continue;
        for (auto reg : regs) {
            int const number = register_number(reg);
            if (number == 4 && &operand != memory)
                return nullptr;
            if (number >= 0)
                used |= 1u << number;
        }
    }
    int const scratch = std::countr_one(used);
    ZydisEncoderRequest request;
    auto const status = ZydisEncoderDecodedInstructionToEncoderRequest(
        &decoded.instruction, decoded.operands, decoded.instruction.operand_count_visible, &request);
    if (!ZYAN_SUCCESS(status))
        return nullptr;
    auto& operand = request.operands[memory - decoded.operands];
    operand.mem.base = static_cast<ZydisRegister>(ZYDIS_REGISTER_RAX + scratch);
    operand.mem.index = ZYDIS_REGISTER_NONE;
    operand.mem.scale = 0;
    operand.mem.displacement = 0;
    uint8_t encoded[ZYDIS_MAX_INSTRUCTION_LENGTH];
    ZyanUSize length = sizeof encoded;
    if (!ZYAN_SUCCESS(ZydisEncoderEncodeInstruction(&request, encoded, &length)))
        return nullptr;

    auto image = std::ranges::find_if(m_images, [&](auto const& entry) {
        return !entry.second.gone
            && address - reinterpret_cast<uintptr_t>(entry.second.memory.data()) < entry.second.memory.size();
    });
    if (image == m_images.end())
        return nullptr;
    uintptr_t const end = reinterpret_cast<uintptr_t>(image->second.memory.data()) + image->second.memory.size();
    m_space.unseal(image->first);
    auto const at = m_space.allocate(image->first, end + hal::kPageSize, end + kNearBytes, kTrampolineBytes);
    Site* made = nullptr;
    if (at) {
        made = &image->second.sites.emplace_back();
        made->address = address;
        made->instruction.operation = Operation::SharedData;
        made->instruction.length = decoded.instruction.length;
        std::memcpy(made->instruction.bytes, bytes.data(), decoded.instruction.length);
        made->trampoline = made->resume = *at;
        made->scratch = static_cast<int8_t>(scratch);
        CodeBuffer code(*at);
        code.bytes(std::span(encoded, length));
        // pop scratch
        if (scratch >= 8)
            code.bytes({ 0x41 });
        code.bytes({ static_cast<uint8_t>(0x58 | (scratch & 7)) });
        code.jump(address + decoded.instruction.length);
        std::memcpy(pointer(*at), code.code().data(), code.code().size());
        made->trampoline_size = static_cast<uint32_t>(code.code().size());
        index(*made);
    }
    m_space.seal(image->first);
    return made;
}

} // namespace ringside::ldr
