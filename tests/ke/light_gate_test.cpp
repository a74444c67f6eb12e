// SPDX-License-Identifier: MIT
// The light gate and the way out of a service behind it (ke/gate.h), called as a driver's stub calls them.
#include "ke/gate.h"

#include <array>
#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::ke;

namespace {

using Vectors = std::array<nt::M128A, 10>; // xmm6 to xmm15

#define ALL_VECTORS "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define LOAD_VECTORS(From)                                                                                             \
    "movups 0(" From "), %%xmm6\n movups 16(" From "), %%xmm7\n movups 32(" From "), %%xmm8\n"                         \
    "movups 48(" From "), %%xmm9\n movups 64(" From "), %%xmm10\n movups 80(" From "), %%xmm11\n"                      \
    "movups 96(" From "), %%xmm12\n movups 112(" From "), %%xmm13\n movups 128(" From "), %%xmm14\n"                   \
    "movups 144(" From "), %%xmm15\n"
#define STORE_VECTORS(To)                                                                                              \
    "movups %%xmm6, 0(" To ")\n movups %%xmm7, 16(" To ")\n movups %%xmm8, 32(" To ")\n"                               \
    "movups %%xmm9, 48(" To ")\n movups %%xmm10, 64(" To ")\n movups %%xmm11, 80(" To ")\n"                            \
    "movups %%xmm12, 96(" To ")\n movups %%xmm13, 112(" To ")\n movups %%xmm14, 128(" To ")\n"                         \
    "movups %%xmm15, 144(" To ")\n"

std::string text(Vectors const& vectors)
{
    std::string all;
    for (nt::M128A const& vector : vectors)
        all += std::to_string(vector.Low) + ":" + std::to_string(vector.High) + " ";
    return all;
}

// What was seen, in order.
struct Film {
    std::vector<std::string> lines;
    uint64_t arguments[4] {};
    uint64_t outside_arguments[3] {};
} g_film;

std::string kind_of_newest()
{
    ChainNode const* node = chain_head();
    return !node ? "no gate" : node->kind == NodeKind::Gate ? "full gate" : is_gate(*node) ? "light gate" : "no gate";
}

// A host function, which spoils every vector register.
uint64_t outside(uint64_t first, uint64_t second, uint64_t third)
{
    g_film.lines.push_back("outside: " + kind_of_newest());
    Vectors saved;
    std::copy_n(reinterpret_cast<GateFrame*>(chain_head())->xmm6_to_15, 10, saved.begin());
    g_film.lines.push_back("saved: " + text(saved));
    g_film.outside_arguments[0] = first;
    g_film.outside_arguments[1] = second;
    g_film.outside_arguments[2] = third;
    Vectors spoilt {};
    asm volatile(LOAD_VECTORS("%0") : : "r"(spoilt.data()) : "memory", ALL_VECTORS);
    return 77;
}

uint64_t note_kind()
{
    g_film.lines.push_back("service: " + kind_of_newest());
    return 0;
}

NTAPI uint64_t service(uint64_t first, uint64_t second, uint64_t third, uint64_t fourth)
{
    g_film.arguments[0] = first;
    g_film.arguments[1] = second;
    g_film.arguments[2] = third;
    g_film.arguments[3] = fourth;
    // Seen from a host function the gate is always a full one.
    auto const before = static_cast<uint64_t>(chain_head()->kind);
    uint64_t const result = ringside_outside(reinterpret_cast<void*>(&outside), 5, 6, 7);
    auto const after = static_cast<uint64_t>(chain_head()->kind);
    ringside_outside(reinterpret_cast<void*>(&note_kind), 0, 0, 0);
    return result + 1000 * before + 10000 * after;
}

// A driver's call of an import, with these vector registers; what they are when it is back.
uint64_t call(Import& import, Vectors const& with, Vectors& after)
{
    uint64_t result;
    asm volatile(
        LOAD_VECTORS(
            "%[with]") "mov %%rsp, %%r12\n and $-16, %%rsp\n sub $160, %%rsp\n" // past the red zone, with home slots
                       "mov %[import], %%r11\n"
                       "mov $1, %%ecx\n mov $2, %%edx\n mov $3, %%r8d\n mov $4, %%r9d\n"
                       "call ringside_light_gate\n"
                       "mov %%r12, %%rsp\n" STORE_VECTORS("%[after]")
        : "=&a"(result)
        : [with] "r"(with.data()), [after] "r"(after.data()), [import] "r"(&import)
        : "memory", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", ALL_VECTORS);
    return result;
}

} // namespace

// A service behind the light gate calls a host function that spoils xmm6 to xmm15.
// Shows: the service has the driver's arguments; while the host function runs the gate is a full one, with the driver's
// registers in its frame; before and after it is light; the driver gets its registers and the service's result, and the
// chain is what it was.
TEST(ke_light_gate, vector_registers_stand_in_the_frame_while_the_host_runs)
{
    g_film = {};
    Import import;
    import.light = reinterpret_cast<void*>(&service);
    Vectors with, after {};
    for (size_t i = 0; i < with.size(); ++i)
        with[i] = { 100 + i, static_cast<int64_t>(200 + i) };
    uint64_t const result = call(import, with, after);
    EXPECT_EQ(result, 77u + 1000 * 1 + 10000 * 1);
    std::string const all = "100:200 101:201 102:202 103:203 104:204 105:205 106:206 107:207 108:208 109:209 ";
    std::vector<std::string> const lines { "outside: full gate", "saved: " + all, "service: full gate" };
    EXPECT_EQ(g_film.lines, lines);
    EXPECT_EQ(text(after), all);
    EXPECT_EQ(chain_head(), nullptr);
    EXPECT_EQ((std::vector<uint64_t>(g_film.arguments, g_film.arguments + 4)), (std::vector<uint64_t> { 1, 2, 3, 4 }));
    EXPECT_EQ((std::vector<uint64_t>(g_film.outside_arguments, g_film.outside_arguments + 3)),
              (std::vector<uint64_t> { 5, 6, 7 }));
}

// The same host function, called through ringside_outside where no gate is.
// Shows: the registers come back all the same.
TEST(ke_light_gate, without_a_gate_they_stand_in_the_callers_frame)
{
    struct Other {
        static uint64_t spoil(uint64_t, uint64_t, uint64_t)
        {
            Vectors spoilt {};
            asm volatile(LOAD_VECTORS("%0") : : "r"(spoilt.data()) : "memory", ALL_VECTORS);
            return 5;
        }
    };
    ASSERT_EQ(chain_head(), nullptr);
    Vectors with, after {};
    for (size_t i = 0; i < with.size(); ++i)
        with[i] = { 1 + i, 2 };
    asm volatile(LOAD_VECTORS("%0") : : "r"(with.data()) : "memory", ALL_VECTORS);
    uint64_t const result = ringside_outside(reinterpret_cast<void*>(&Other::spoil), 0, 0, 0);
    asm volatile(STORE_VECTORS("%0") : : "r"(after.data()) : "memory");
    EXPECT_EQ(result, 5u);
    EXPECT_EQ(text(after), text(with));
}
