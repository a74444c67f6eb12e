// SPDX-License-Identifier: MIT
// RtlQueryRegistryValues and its relatives: what each flag of a query table does.
#include "boot.h"
#include "cm/ddi.h"
#include "ob/capture.h"
#include "registry_text.h"
#include "rtl/allocator.h"

#include <algorithm>
#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;
using ringside::test::narrow;
using ringside::test::tree;

namespace {

constexpr char16_t kPath[] = u"\\Registry\\Machine\\Software\\Ours";
constexpr ULONG kTypeCheck = 0x100;

std::string g_answers; // "name/type/bytes " for each call
NTSTATUS g_reply;

NTSTATUS NTAPI collect(PWSTR name, ULONG type, PVOID data, ULONG length, PVOID context, PVOID entry_context)
{
    EXPECT_EQ(context, &g_answers);
    EXPECT_EQ(entry_context, reinterpret_cast<PVOID>(7));
    g_answers += (name ? narrow(name) : "(null)") + "/" + std::to_string(type) + "/";
    if (type == REG_SZ)
        g_answers += narrow({ static_cast<char16_t*>(data), length / 2 - 1 });
    else
        g_answers += std::to_string(length);
    g_answers += " ";
    return g_reply;
}

RTL_QUERY_REGISTRY_TABLE ask(char16_t const* name, ULONG flags = 0)
{
    return { .QueryRoutine = collect, .Flags = flags, .Name = name, .EntryContext = reinterpret_cast<PVOID>(7) };
}

RTL_QUERY_REGISTRY_TABLE direct(char16_t const* name, void* into, ULONG type, ULONG flags = RTL_QUERY_REGISTRY_NOEXPAND)
{
    return { .Flags = flags | RTL_QUERY_REGISTRY_DIRECT | kTypeCheck,
             .Name = name,
             .EntryContext = into,
             .DefaultType = type << 24 };
}

template <size_t N>
NTSTATUS query(RTL_QUERY_REGISTRY_TABLE const (&entries)[N], ULONG place = RTL_REGISTRY_ABSOLUTE,
               char16_t const* path = kPath)
{
    g_answers.clear();
    g_reply = STATUS_SUCCESS;
    RTL_QUERY_REGISTRY_TABLE table[N + 1] {};
    std::copy_n(entries, N, table);
    return cm::RtlQueryRegistryValues(place, path, table, &g_answers, nullptr);
}

void fill(cm::Registry& registry)
{
    registry.set_string(kPath, u"Text", u"hello");
    registry.set_dword(kPath, u"Number", 42);
    registry.set_value(kPath, u"Quad", REG_QWORD, std::vector<uint8_t> { 1, 2, 3, 4, 5, 6, 7, 8 });
    registry.set_string(kPath, u"Multi", std::u16string_view(u"a\0bc\0", 5), REG_MULTI_SZ);
    registry.set_string(kPath, u"Expand", u"%X%", REG_EXPAND_SZ);
    registry.set_string(std::u16string(kPath) + u"\\Sub", u"Inner", u"in");
}

} // namespace

// REG_EXPAND_SZ under the system's environment and under the driver's, known variables and unknown ones.
TEST(cm_rtl_query, environment_variables)
{
    BootedKernel boot;
    cm::Registry& registry = boot.rooms.registry;
    auto expand = [&](char16_t const* value, void const* environment, ULONG flags = 0) {
        registry.set_string(kPath, u"Expand", value, REG_EXPAND_SZ);
        g_answers.clear();
        g_reply = STATUS_SUCCESS;
        RTL_QUERY_REGISTRY_TABLE table[2] { ask(u"Expand", flags), {} };
        EXPECT_EQ(
            cm::RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, kPath, table, &g_answers, const_cast<void*>(environment)),
            STATUS_SUCCESS);
        return g_answers;
    };
    boot.run_on_thread([&] {
        EXPECT_EQ(expand(u"%SystemRoot%\\system32", nullptr), "Expand/1/C:\\Windows\\system32 ");
        EXPECT_EQ(expand(u"a%systemdrive%b%OS%", nullptr), "Expand/1/aC:bWindows_NT ");
        EXPECT_EQ(expand(u"%Nothing%|%|%%|%SystemDrive", nullptr), "Expand/1/%Nothing%|%|%%|%SystemDrive ");
        EXPECT_EQ(expand(u"%SystemRoot%", nullptr, RTL_QUERY_REGISTRY_NOEXPAND), "Expand/2/26 ");
        constexpr char16_t kBlock[] = u"=C:=C:\\here\0Empty=\0Long=a longer value than its name\0x=1\0";
        EXPECT_EQ(expand(u"<%LONG%><%empty%><%X%%X%><%=C:%><%SystemRoot%>", kBlock),
                  "Expand/1/<a longer value than its name><><11><C:\\here><%SystemRoot%> ");
        UNICODE_STRING into {};
        RTL_QUERY_REGISTRY_TABLE table[2] { direct(u"Expand", &into, REG_EXPAND_SZ, 0), {} };
        registry.set_string(kPath, u"Expand", u"%SystemDrive%", REG_EXPAND_SZ);
        EXPECT_EQ(cm::RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, kPath, table, nullptr, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(*ob::read_string(&into), u"C:");
        rtl::g_allocator.free(into.Buffer);
    });
}

// A routine is called for named values, for all values, for none.
TEST(cm_rtl_query, routines)
{
    BootedKernel boot;
    fill(boot.rooms.registry);
    boot.run_on_thread([&] {
        EXPECT_EQ(query({ ask(u"text"), ask(u"Multi"), ask(u"Multi", RTL_QUERY_REGISTRY_NOEXPAND), ask(u"Expand"),
                          ask(u"Expand", RTL_QUERY_REGISTRY_NOEXPAND), ask(u"Absent") }),
                  STATUS_SUCCESS);
        EXPECT_EQ(g_answers, "Text/1/hello Multi/1/a Multi/1/bc Multi/7/12 Expand/1/%X% Expand/2/8 ");
        EXPECT_EQ(query({ ask(nullptr) }), STATUS_SUCCESS);
        EXPECT_EQ(g_answers, "Text/1/hello Number/4/4 Quad/11/8 Multi/1/a Multi/1/bc Expand/1/%X% ");
        EXPECT_EQ(query({ ask(nullptr, RTL_QUERY_REGISTRY_NOVALUE) }), STATUS_SUCCESS);
        EXPECT_EQ(g_answers, "(null)/0/0 ");
        // Down into a subkey and up again.
        EXPECT_EQ(query({ ask(u"Sub", RTL_QUERY_REGISTRY_SUBKEY), ask(u"Inner"), ask(u"Number"),
                          ask(u"Number", RTL_QUERY_REGISTRY_TOPKEY) }),
                  STATUS_SUCCESS);
        EXPECT_EQ(g_answers, "Inner/1/in Inner/1/in Number/4/4 ");
        EXPECT_EQ(query({ ask(u"Absent", RTL_QUERY_REGISTRY_SUBKEY), ask(u"Inner") }), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(query({ ask(u"Absent", RTL_QUERY_REGISTRY_REQUIRED), ask(u"Text") }), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(g_answers, "");
        EXPECT_EQ(query({ ask(u"Text") }, RTL_REGISTRY_ABSOLUTE, u"\\Registry\\Machine\\No"),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(query({ ask(u"Text") }, RTL_REGISTRY_MAXIMUM), STATUS_INVALID_PARAMETER);
        RTL_QUERY_REGISTRY_TABLE nothing = ask(u"Text");
        nothing.QueryRoutine = nullptr;
        EXPECT_EQ(query({ nothing }), STATUS_INVALID_PARAMETER);
    });
}

// Defaults stand in for values that are not there, with their lengths counted where the driver did not.
TEST(cm_rtl_query, defaults)
{
    BootedKernel boot;
    fill(boot.rooms.registry);
    boot.run_on_thread([&] {
        auto entry = ask(u"Absent");
        entry.DefaultType = REG_SZ;
        entry.DefaultData = const_cast<char16_t*>(u"fallback");
        EXPECT_EQ(query({ entry }), STATUS_SUCCESS);
        EXPECT_EQ(g_answers, "Absent/1/fallback ");
        entry.DefaultType = REG_MULTI_SZ;
        entry.DefaultData = const_cast<char16_t*>(u"x\0y\0");
        EXPECT_EQ(query({ entry }), STATUS_SUCCESS);
        EXPECT_EQ(g_answers, "Absent/1/x Absent/1/y ");
        ULONG into = 0, fallback = 99;
        auto number = direct(u"Absent", &into, REG_DWORD);
        number.DefaultType |= REG_DWORD;
        number.DefaultData = &fallback;
        number.DefaultLength = sizeof fallback;
        EXPECT_EQ(query({ number }), STATUS_SUCCESS);
        EXPECT_EQ(into, 99u);
    });
}

// A routine answers with statuses.
// Shows: an error ends the walk, STATUS_BUFFER_TOO_SMALL does not.
TEST(cm_rtl_query, statuses_of_routines)
{
    BootedKernel boot;
    fill(boot.rooms.registry);
    boot.run_on_thread([&] {
        RTL_QUERY_REGISTRY_TABLE table[] = { ask(u"Text"), ask(u"Text"), {} };
        for (auto [reply, result, calls] : { std::tuple(STATUS_BUFFER_TOO_SMALL, STATUS_SUCCESS, 2u),
                                             std::tuple(STATUS_UNSUCCESSFUL, STATUS_UNSUCCESSFUL, 1u) }) {
            g_answers.clear();
            g_reply = reply;
            EXPECT_EQ(cm::RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, kPath, table, &g_answers, nullptr), result);
            EXPECT_EQ(std::ranges::count(g_answers, ' '), calls);
        }
    });
}

// Values are stored where the driver said.
// Shows: the four formats of RTL_QUERY_REGISTRY_DIRECT, and what too small a buffer gives.
TEST(cm_rtl_query, direct_values)
{
    BootedKernel boot;
    fill(boot.rooms.registry);
    boot.run_on_thread([&] {
        ULONG number = 0;
        WCHAR buffer[8] {};
        UNICODE_STRING string { 0, sizeof buffer, buffer };
        UNICODE_STRING allocated {};
        UNICODE_STRING small { 0, 10, buffer };
        struct {
            LONG length;
            ULONG type;
            uint8_t data[8];
        } described { sizeof described, 0, {} };
        LONG raw[2] { -8, 0 };
        LONG too_small[2] { 8, 0 };
        EXPECT_EQ(query({ direct(u"Number", &number, REG_DWORD), direct(u"Text", &string, REG_SZ),
                          direct(u"Multi", &allocated, REG_MULTI_SZ), direct(u"Quad", &described, REG_QWORD),
                          direct(u"Quad", raw, REG_QWORD) }),
                  STATUS_SUCCESS);
        EXPECT_EQ(number, 42u);
        EXPECT_EQ(string.Length, 10);
        EXPECT_EQ(std::u16string_view(buffer), u"hello");
        EXPECT_EQ(allocated.Length, 10);
        EXPECT_EQ(allocated.MaximumLength, 12);
        EXPECT_EQ(std::u16string_view(allocated.Buffer, 5), std::u16string_view(u"a\0bc\0", 5));
        rtl::g_allocator.free(allocated.Buffer);
        EXPECT_EQ(described.length, 8);
        EXPECT_EQ(described.type, REG_QWORD);
        EXPECT_EQ(described.data[7], 8);
        EXPECT_EQ(raw[0], 0x04030201);
        EXPECT_EQ(query({ direct(u"Text", &small, REG_SZ) }), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(query({ direct(u"Quad", too_small, REG_QWORD) }), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(query({ direct(u"Text", &number, REG_DWORD) }), STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(query({ direct(u"Multi", &string, REG_MULTI_SZ, 0) }), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(query({ direct(nullptr, &string, REG_SZ), ask(nullptr) }), STATUS_SUCCESS); // ends the table
        auto both = direct(u"Text", &string, REG_SZ);
        both.QueryRoutine = collect;
        EXPECT_EQ(query({ both }), STATUS_INVALID_PARAMETER);
    });
}

// A driver reads an untrusted hive without looking at types.
// Shows: bug check 0x139 since Windows 8, nothing before.
TEST(cm_rtl_query, unsafe_reads_end_the_machine)
{
    for (auto windows : { Windows::win7, Windows::v11_24H2 }) {
        BootedKernel boot({ .windows = windows });
        boot.rooms.registry.set_dword(u"\\Registry\\User\\.Default\\Ours", u"Number", 1);
        bool const finished = boot.run_on_thread([&] {
            ULONG number = 0;
            auto entry = direct(u"Number", &number, REG_DWORD);
            entry.Flags &= ~kTypeCheck;
            EXPECT_EQ(query({ entry }, RTL_REGISTRY_USER, u"Ours"), STATUS_SUCCESS);
            EXPECT_EQ(number, 1u);
        });
        ASSERT_EQ(finished, windows == Windows::win7);
        if (!finished) {
            EXPECT_EQ(boot.crash()->code, KERNEL_SECURITY_CHECK_FAILURE);
        }
    }
}

// Values are deleted as they are read.
TEST(cm_rtl_query, delete_after_reading)
{
    BootedKernel boot;
    fill(boot.rooms.registry);
    boot.run_on_thread([&] {
        EXPECT_EQ(query({ ask(u"Text", RTL_QUERY_REGISTRY_DELETE) }), STATUS_SUCCESS);
        EXPECT_EQ(g_answers, "Text/1/hello ");
        EXPECT_EQ(query({ ask(nullptr, RTL_QUERY_REGISTRY_DELETE | RTL_QUERY_REGISTRY_NOEXPAND) }), STATUS_SUCCESS);
        EXPECT_EQ(g_answers, "Number/4/4 Quad/11/8 Multi/7/12 Expand/2/8 ");
        EXPECT_EQ(query({ ask(nullptr, RTL_QUERY_REGISTRY_REQUIRED) }), STATUS_OBJECT_NAME_NOT_FOUND);
    });
    EXPECT_EQ(tree(boot.rooms.registry.find(kPath)), "[Sub]\n  Inner=1:69006e000000\n");
}

// Keys and values are written, checked and deleted by path.
TEST(cm_rtl_registry, write_check_delete)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        auto path = [](char16_t const* text) { return const_cast<PWSTR>(text); };
        EXPECT_EQ(cm::RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, path(u"ours")), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(cm::RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, path(u"ours\\deep")), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(cm::RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, path(u"ours")), STATUS_SUCCESS);
        EXPECT_EQ(cm::RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, path(u"ours")), STATUS_SUCCESS);
        ULONG number = 5;
        EXPECT_EQ(cm::RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, u"ours\\Parameters", u"N", REG_DWORD, &number, 4),
                  STATUS_SUCCESS);
        EXPECT_EQ(tree(boot.rooms.registry.find(boot.rooms.registry.service_path(u"ours"))),
                  "[Parameters]\n  N=4:05000000\n");
        EXPECT_EQ(cm::RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, u"ours\\Parameters", u"n"), STATUS_SUCCESS);
        EXPECT_EQ(cm::RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, u"ours\\Parameters", u"n"),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(cm::RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, u"a\\b", u"N", REG_DWORD, &number, 4),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    });
}
