// SPDX-License-Identifier: MIT
// Machine code in a loaded driver image, run with chosen registers and flags: what patching and trapping must not
// change is everything that a test does not expect to change.
#pragma once

#include "core.h"
#include "ldr/loader.h"
#include "pe_builder.h"

#include <array>
#include <gtest/gtest.h>
#include <initializer_list>
#include <vector>

namespace ringside::test {

struct Registers {
    std::array<uint64_t, 16> general {}; // rax rcx rdx rbx (rsp) rbp rsi rdi r8 ... r15
    uint64_t flags = 0x202;
    uint64_t padding = 0;
    std::array<std::array<uint64_t, 2>, 16> xmm {};

    uint64_t& rax() { return general[0]; }
    uint64_t& rcx() { return general[1]; }
    uint64_t& rdx() { return general[2]; }
    uint64_t& rbx() { return general[3]; }
    uint64_t& rsi() { return general[6]; }
    uint64_t& rdi() { return general[7]; }

    // Every register different, so that a lost or swapped one shows.
    static Registers distinct()
    {
        Registers r;
        for (size_t i = 0; i < 16; ++i) {
            r.general[i] = 0x1111'0000'0000'0001 * (i + 1);
            r.xmm[i] = { 0xAAAA'0000'0000'0000 + i, 0xBBBB'0000'0000'0000 + i };
        }
        r.general[4] = 0;
        r.flags = 0x202 | 0x8D5; // all arithmetic flags set
        return r;
    }
    bool operator==(Registers const&) const = default;
};
static_assert(sizeof(Registers) == 144 + 256);

extern "C" void ringside_test_run(Registers* registers, void const* code);
asm(R"(
    .intel_syntax noprefix
    .weak ringside_test_run
    .type ringside_test_run, @function
ringside_test_run:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    push rdi
    push rsi
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movups xmm\n, [rdi + 144 + 16 * \n]
    .endr
    mov rax, [rdi]
    mov rcx, [rdi + 8]
    mov rdx, [rdi + 16]
    mov rbx, [rdi + 24]
    mov rbp, [rdi + 40]
    mov rsi, [rdi + 48]
    mov r8, [rdi + 64]
    mov r9, [rdi + 72]
    mov r10, [rdi + 80]
    mov r11, [rdi + 88]
    mov r12, [rdi + 96]
    mov r13, [rdi + 104]
    mov r14, [rdi + 112]
    mov r15, [rdi + 120]
    push qword ptr [rdi + 128]
    mov rdi, [rdi + 56]
    popfq
    call qword ptr [rsp]
    pushfq
    push rdi
    mov rdi, [rsp + 24]
    mov [rdi], rax
    mov [rdi + 8], rcx
    mov [rdi + 16], rdx
    mov [rdi + 24], rbx
    mov [rdi + 40], rbp
    mov [rdi + 48], rsi
    pop qword ptr [rdi + 56]
    mov [rdi + 64], r8
    mov [rdi + 72], r9
    mov [rdi + 80], r10
    mov [rdi + 88], r11
    mov [rdi + 96], r12
    mov [rdi + 104], r13
    mov [rdi + 112], r14
    mov [rdi + 120], r15
    pop qword ptr [rdi + 128]
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movups [rdi + 144 + 16 * \n], xmm\n
    .endr
    cld
    pop rsi
    pop rdi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
    .size ringside_test_run, .-ringside_test_run
    .att_syntax prefix
)");

inline constexpr uint32_t kSnippetRva = 0x1040;
inline constexpr uint32_t kSnippetBytesMax = 0x1C0;

using Code = std::vector<uint8_t>;
inline Code operator+(Code a, Code const& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}
template <typename T>
Code bytes_of(T value)
{
    Code code(sizeof value);
    std::memcpy(code.data(), &value, sizeof value);
    return code;
}

// A driver with this code in .text, named in .pdata for `covered` bytes of it (all, unless said otherwise).
inline BuiltImage image_with(Code const& code, size_t covered = ~size_t { 0 })
{
    PeBuilder builder;
    builder.imports.clear();
    BuiltImage image = builder.build();
    auto& text = image.section(".text");
    text.virtual_size = text.size_of_raw_data;
    if (code.size() > kSnippetBytesMax)
        throw std::length_error("the snippet is too long");
    std::memset(image.bytes.data() + image.offset_of(kSnippetRva), 0xCC, kSnippetBytesMax);
    std::memcpy(image.bytes.data() + image.offset_of(kSnippetRva), code.data(), code.size());
    auto* functions = &image.in<ldr::pe::RuntimeFunction>("functions");
    functions[2] = { kSnippetRva, kSnippetRva + uint32_t(std::min(covered, code.size())), image.rva["unwind"] };
    return image;
}

// A machine with one such image.
class Snippet {
public:
    explicit Snippet(Code const& code, ldr::SweepOptions options = {}, size_t covered = ~size_t { 0 },
                     CoreOptions const& core_options = {})
        : core(core_options)
        , exports({}, ke::Binding::Observed, Windows::v11_24H2)
        , loader(exports, options)
        , image(image_with(code, covered))
    {
        auto result = loader.load("snippet.sys", "", image.bytes);
        if (!result)
            throw std::runtime_error(result.bad().reason);
        module = &result.module();
    }
    void* at(uint32_t offset = 0) const { return reinterpret_cast<void*>(module->base() + kSnippetRva + offset); }

    // Runs the code on a system thread at this IRQL; how the machine stopped.
    ke::Stop run(Registers& registers, uint8_t irql = 0, uint32_t offset = 0)
    {
        core.thread([&registers, irql, code = at(offset)] {
            ke::kernel().raise_irql(irql);
            ringside_test_run(&registers, code);
            ke::kernel().lower_irql(0);
        });
        return core.run();
    }
    ldr::PatchReport const& report() const { return module->patches(); }

    Core core;
    ldr::ExportTable exports;
    ldr::Loader loader;
    BuiltImage image;
    ldr::Module* module;
};

} // namespace ringside::test
