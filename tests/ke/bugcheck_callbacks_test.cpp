// SPDX-License-Identifier: MIT
// Bug-check callbacks: which kinds are called, in which order, with what.
#include "core.h"
#include "ke/bugcheck_callbacks.h"

#include <gtest/gtest.h>

#include <array>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::Core;

namespace {

std::string g_film;
KTRIAGE_DUMP_DATA_ARRAY* g_array;

void NTAPI plain(PVOID buffer, ULONG length) { g_film += "plain " + std::to_string(length) + (buffer ? "+; " : "; "); }

void NTAPI reason(KBUGCHECK_CALLBACK_REASON why, KBUGCHECK_REASON_CALLBACK_RECORD*, PVOID data, ULONG length)
{
    EXPECT_EQ(ke::Kernel::irql(), HIGH_LEVEL);
    switch (why) {
    case KbCallbackSecondaryDumpData: {
        auto& d = *static_cast<KBUGCHECK_SECONDARY_DUMP_DATA*>(data);
        EXPECT_EQ(length, sizeof d);
        g_film += d.OutBuffer ? "data; " : "size; ";
        d.OutBuffer = d.InBuffer;
        d.OutBufferLength = 16;
        break;
    }
    case KbCallbackSecondaryMultiPartDumpData: {
        auto& d = *static_cast<KBUGCHECK_SECONDARY_DUMP_DATA_EX*>(data);
        EXPECT_EQ(d.BugCheckCode, 0xDEADu);
        EXPECT_EQ(d.BugCheckParameter4, 4u);
        g_film += d.Context ? "part 2; " : "part 1; ";
        d.Flags = d.Context ? 0 : KB_ADD_PAGES_FLAG_ADDITIONAL_RANGES_EXIST;
        d.Context = data;
        break;
    }
    case KbCallbackAddPages:
    case KbCallbackRemovePages: {
        auto& d = *static_cast<KBUGCHECK_ADD_PAGES*>(data);
        EXPECT_EQ(d.BugCheckCode, 0xDEADu);
        EXPECT_EQ(d.Flags, 0u);
        g_film += why == KbCallbackAddPages ? "add " : "remove ";
        g_film += d.Context ? "2; " : "1; ";
        d.Flags = KB_ADD_PAGES_FLAG_VIRTUAL_ADDRESS;
        if (!d.Context && why == KbCallbackAddPages)
            d.Flags |= KB_ADD_PAGES_FLAG_ADDITIONAL_RANGES_EXIST;
        d.Context = data;
        break;
    }
    case KbCallbackTriageDumpData: {
        auto& d = *static_cast<KBUGCHECK_TRIAGE_DUMP_DATA*>(data);
        EXPECT_EQ(d.Flags, KB_TRIAGE_DUMP_DATA_FLAG_BUGCHECK_ACTIVE);
        EXPECT_EQ(d.BugCheckParameter1, 1u);
        EXPECT_EQ(ke::KeAddTriageDumpDataBlock(g_array, g_array, 32), STATUS_SUCCESS);
        d.DataArray = g_array;
        g_film += "triage; ";
        break;
    }
    case KbCallbackDumpIo: {
        auto& d = *static_cast<KBUGCHECK_DUMP_IO*>(data);
        EXPECT_EQ(d.Offset, ~ULONG64 { 0 });
        EXPECT_EQ(d.Type, KbDumpIoComplete);
        g_film += "io; ";
        break;
    }
    default:
        ADD_FAILURE();
    }
}

} // namespace

// One callback of each kind is registered; one more of a kind that does not exist, one twice, one withdrawn.
// Shows: each is called once for its reason, in the order of a dump, with the bug check's code and parameters; the
// callbacks that want more calls get them; who registered wrongly is told.
TEST(ke_bugcheck_callbacks, all_kinds)
{
    Core core;
    ke::reset_bug_check_callbacks();
    g_film.clear();
    auto& records = core.object<std::array<KBUGCHECK_REASON_CALLBACK_RECORD, 8>>();
    auto& simple = core.object<std::array<KBUGCHECK_CALLBACK_RECORD, 2>>();
    g_array = &core.object<KTRIAGE_DUMP_DATA_ARRAY>();
    EXPECT_EQ(ke::KeInitializeTriageDumpDataArray(g_array, sizeof *g_array), STATUS_SUCCESS);
    KBUGCHECK_CALLBACK_REASON const reasons[]
        = { KbCallbackDumpIo,   KbCallbackSecondaryDumpData, KbCallbackSecondaryMultiPartDumpData,
            KbCallbackAddPages, KbCallbackRemovePages,       KbCallbackTriageDumpData };
    for (size_t i = 0; i < std::size(reasons); ++i)
        EXPECT_TRUE(ke::KeRegisterBugCheckReasonCallback(&records[i], reason, reasons[i], nullptr));
    EXPECT_FALSE(ke::KeRegisterBugCheckReasonCallback(&records[0], reason, KbCallbackDumpIo, nullptr));
    EXPECT_FALSE(ke::KeRegisterBugCheckReasonCallback(&records[6], reason, KbCallbackReserved1, nullptr));
    EXPECT_TRUE(ke::KeRegisterBugCheckReasonCallback(&records[7], reason, KbCallbackDumpIo, nullptr));
    EXPECT_TRUE(ke::KeDeregisterBugCheckReasonCallback(&records[7]));
    EXPECT_FALSE(ke::KeDeregisterBugCheckReasonCallback(&records[7]));
    EXPECT_TRUE(ke::KeRegisterBugCheckCallback(&simple[0], plain, nullptr, 1, nullptr));
    EXPECT_TRUE(ke::KeRegisterBugCheckCallback(&simple[1], plain, &simple, 2, nullptr));
    core.thread([] { ke::bug_check(0xDEAD, 1, 2, 3, 4); });
    EXPECT_EQ(core.run(), ke::Stop::BugCheck);
    EXPECT_EQ(g_film, "plain 2+; plain 1; triage; add 1; add 2; remove 1; size; data; part 1; part 2; io; ");
    ke::reset_bug_check_callbacks();
}
