// SPDX-License-Identifier: MIT
// Bug checks, and the callbacks that hear of them.
#include "contract.h"

#include "ke/bugcheck_callbacks.h"

#include <array>
#include <string>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr ULONG kCode = 0xDEAD;

// What the bug check's triage callback must be told.
std::array<uint64_t, 4> g_expected;

// The last that is heard of a machine that ends: code and parameters.
void NTAPI compare(KBUGCHECK_CALLBACK_REASON, KBUGCHECK_REASON_CALLBACK_RECORD*, PVOID data, ULONG)
{
    auto const& told = *static_cast<KBUGCHECK_TRIAGE_DUMP_DATA*>(data);
    EXPECT_EQ(told.BugCheckCode, kCode);
    EXPECT_EQ(told.BugCheckParameter1, g_expected[0]);
    EXPECT_EQ(told.BugCheckParameter2, g_expected[1]);
    EXPECT_EQ(told.BugCheckParameter3, g_expected[2]);
    EXPECT_EQ(told.BugCheckParameter4, g_expected[3]);
}

void expect_parameters(At& at, std::array<uint64_t, 4> const& parameters)
{
    g_expected = parameters;
    at.also("KeRegisterBugCheckReasonCallback", &at.object<KBUGCHECK_REASON_CALLBACK_RECORD>(), compare,
            KbCallbackTriageDumpData, "sample");
}

std::string g_film;
void NTAPI plain(PVOID buffer, ULONG length)
{
    EXPECT_EQ(ke::Kernel::irql(), HIGH_LEVEL);
    g_film += "called with " + std::to_string(length) + " bytes" + (buffer ? "" : " nowhere") + "; ";
}
void NTAPI with_reason(KBUGCHECK_CALLBACK_REASON reason, KBUGCHECK_REASON_CALLBACK_RECORD*, PVOID, ULONG)
{
    g_film += "reason " + std::to_string(reason) + "; ";
}

// What a bug check would do, in a machine that goes on.
std::string callbacks_film()
{
    g_film.clear();
    ke::Kernel& kernel = ke::kernel();
    kernel.raise_irql(HIGH_LEVEL);
    ke::run_bug_check_callbacks({});
    kernel.lower_irql(PASSIVE_LEVEL);
    return g_film;
}

UCHAR g_component[] = "sample";

} // namespace

SAMPLE(KeBugCheck)
{
    expect_parameters(at, {});
    at.bug_checks(kCode, kCode);
}

SAMPLE(KeBugCheckEx)
{
    expect_parameters(at, { 1, ~uint64_t { 0 }, 3, 0x1'0000'0000 });
    at.bug_checks(kCode, kCode, ULONG_PTR { 1 }, ~ULONG_PTR { 0 }, ULONG_PTR { 3 }, ULONG_PTR { 0x1'0000'0000 });
}

SAMPLE(KeRegisterBugCheckCallback)
{
    auto& record = at.object<KBUGCHECK_CALLBACK_RECORD>();
    void* buffer = at.bytes(64);
    at.returns(BOOLEAN { TRUE }, &record, plain, buffer, ULONG { 64 }, g_component);
    at.returns(BOOLEAN { FALSE }, &record, plain, buffer, ULONG { 32 }, g_component); // it is in use
    auto& stale = at.object<KBUGCHECK_CALLBACK_RECORD>();
    stale.State = 0x5A; // not from KeInitializeCallbackRecord
    at.returns(BOOLEAN { FALSE }, &stale, plain, buffer, ULONG { 32 }, g_component);
    auto& second = at.object<KBUGCHECK_CALLBACK_RECORD>();
    at.returns(BOOLEAN { TRUE }, &second, plain, nullptr, ULONG { 0 }, g_component); // the buffer is optional
    EXPECT_EQ(callbacks_film(), "called with 0 bytes nowhere; called with 64 bytes; ");
    EXPECT_EQ(callbacks_film(), ""); // each is called once
}

SAMPLE(KeDeregisterBugCheckCallback)
{
    auto& record = at.object<KBUGCHECK_CALLBACK_RECORD>();
    at.returns(BOOLEAN { FALSE }, &record);
    EXPECT_TRUE(ke::KeRegisterBugCheckCallback(&record, plain, nullptr, 0, g_component));
    at.returns(BOOLEAN { TRUE }, &record);
    at.returns(BOOLEAN { FALSE }, &record);
    EXPECT_EQ(callbacks_film(), "");
    EXPECT_TRUE(ke::KeRegisterBugCheckCallback(&record, plain, nullptr, 0, g_component)); // the record is free again
    at.returns(BOOLEAN { TRUE }, &record);
}

SAMPLE(KeRegisterBugCheckReasonCallback)
{
    auto& records = at.object<std::array<KBUGCHECK_REASON_CALLBACK_RECORD, 7>>();
    at.returns(BOOLEAN { TRUE }, &records[0], with_reason, KbCallbackDumpIo, g_component);
    at.returns(BOOLEAN { FALSE }, &records[0], with_reason, KbCallbackAddPages, g_component); // it is in use
    size_t i = 1;
    for (auto reason : { KbCallbackSecondaryDumpData, KbCallbackAddPages, KbCallbackSecondaryMultiPartDumpData,
                         KbCallbackRemovePages, KbCallbackTriageDumpData })
        at.returns(BOOLEAN { TRUE }, &records[i++], with_reason, reason, g_component);
    for (auto reason : { KbCallbackInvalid, KbCallbackReserved1 })
        at.returns(BOOLEAN { FALSE }, &records[i], with_reason, reason, g_component);
    records[i].State = 0x5A;
    at.returns(BOOLEAN { FALSE }, &records[i], with_reason, KbCallbackAddPages, g_component);
    std::string const film = callbacks_film();
    for (auto reason : { KbCallbackDumpIo, KbCallbackSecondaryDumpData, KbCallbackAddPages,
                         KbCallbackSecondaryMultiPartDumpData, KbCallbackRemovePages, KbCallbackTriageDumpData })
        EXPECT_NE(film.find("reason " + std::to_string(reason) + ";"), std::string::npos) << film;
}

SAMPLE(KeDeregisterBugCheckReasonCallback)
{
    auto& record = at.object<KBUGCHECK_REASON_CALLBACK_RECORD>();
    at.returns(BOOLEAN { FALSE }, &record);
    EXPECT_TRUE(ke::KeRegisterBugCheckReasonCallback(&record, with_reason, KbCallbackAddPages, g_component));
    at.returns(BOOLEAN { TRUE }, &record);
    at.returns(BOOLEAN { FALSE }, &record);
    EXPECT_EQ(callbacks_film(), "");
    EXPECT_TRUE(ke::KeRegisterBugCheckReasonCallback(&record, with_reason, KbCallbackAddPages, g_component));
    at.returns(BOOLEAN { TRUE }, &record);
}
