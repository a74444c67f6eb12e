// SPDX-License-Identifier: MIT
// Every contract row against its samples.
#include "contract.h"

#include "machine/rows.h"
#include "rtl/allocator.h"

#include <gmock/gmock.h>

#include <set>

namespace ringside::test {

namespace {

std::string name_of(::testing::TestParamInfo<Sample> const& info)
{
    std::string const variant = info.param.variant;
    return variant.empty() ? info.param.service : std::string(info.param.service) + "_" + variant;
}

// Names with a row and no sample, one per line, sorted.
std::string without_sample()
{
    std::set<std::string> names;
    for (auto room : machine::all_rows())
        for (Ddi const& row : room)
            if (row.body.invoke)
                names.insert(row.name);
    for (Sample const& sample : samples())
        names.erase(sample.service);
    std::string text;
    for (auto const& name : names)
        text += name + "\n";
    return text;
}

class Contract : public ::testing::TestWithParam<Sample> { };
class Hostile : public ::testing::TestWithParam<Sample> { };
class Failing : public ::testing::TestWithParam<Sample> { };
class NoPool : public ::testing::TestWithParam<Sample> { };
class Mutation : public ::testing::TestWithParam<Sample> { };

} // namespace

// One service, called as a driver calls it.
// Shows: result and documented errors at both ends of the row's IRQL range; the Verifier names a call outside it.
TEST_P(Contract, holds)
{
    for (Trial trial : { Trial::Lowest, Trial::Highest, Trial::Outside })
        run_sample(GetParam(), trial);
}
INSTANTIATE_TEST_SUITE_P(contract, Contract, ::testing::ValuesIn(samples()), name_of);

// The same with the service's body taken away.
// Shows: the sample notices. One that does not is no test.
TEST_P(Mutation, is_noticed)
{
    EXPECT_TRUE(run_sample(GetParam(), Trial::Stop)) << "nobody notices that the service is gone";
    bool const noticed = run_sample(GetParam(), Trial::Hollow);
    if (GetParam().hollow_is_right)
        EXPECT_FALSE(noticed) << "doing nothing and returning 0 is said to be right: " << GetParam().hollow_is_right;
    else
        EXPECT_TRUE(noticed) << "a body that does nothing and returns 0 passes";
}
INSTANTIATE_TEST_SUITE_P(contract, Mutation, ::testing::ValuesIn(samples()), name_of);

// Those that bring no failing of their own.
std::vector<Sample> samples_without_faults()
{
    std::vector<Sample> chosen;
    for (Sample const& sample : samples())
        if (sample.boot.faults.kind == sim::FaultPlan::Kind::None)
            chosen.push_back(sample);
    return chosen;
}

// A service whose row says that it can fail does so once.
// Shows: the end that the row names, and nothing left of the call.
TEST_P(Failing, ends_as_its_row_says) { EXPECT_EQ(run_failing(GetParam()), ""); }
INSTANTIATE_TEST_SUITE_P(contract, Failing, ::testing::ValuesIn(samples_without_faults()), name_of);

// A machine ends by a bug check inside a call that takes memory only when it is asked to; another one boots.
// Shows: memory that is asked for outside of every call does not fail in that call's name.
TEST(contract_failing, the_next_machine_is_not_inside_the_call_that_ended_the_one_before)
{
    auto const with_faults = [](uint64_t nth) {
        return BootOptions { .binding = ke::Binding::Verified, .faults = { .kind = sim::FaultPlan::Kind::Nth, .nth = nth } };
    };
    {
        BootedKernel boot(with_faults(1000));
        // Through the gate, for that is where a fault in a body finds the driver that caused it.
        using Convert = nt::NTSTATUS(NTAPI*)(nt::UNICODE_STRING*, nt::STRING*, uint64_t);
        auto convert = reinterpret_cast<Convert>(boot.rooms.exports.stub_for("RtlAnsiStringToUnicodeString"));
        static nt::UNICODE_STRING to;
        static nt::STRING from { 4, 4, reinterpret_cast<char*>(hal::kKernelHigh - 0x10'0000) };
        boot.run_on_thread([&] { convert(&to, &from, TRUE); });
        ASSERT_NE(boot.crash(), nullptr);
    }
    BootedKernel boot(with_faults(1));
    EXPECT_TRUE(boot.run_on_thread([] {
        void* const block = rtl::g_allocator.allocate(16);
        EXPECT_NE(block, nullptr);
        rtl::g_allocator.free(block);
    }));
}

// The same without the door: there is no pool for the body.
// Shows: the host lives, a call that fails leaves nothing, and what the row says never fails ends as with pool.
TEST_P(NoPool, leaves_nothing)
{
    std::string_view const service = GetParam().service;
    if (service == "MmQuerySystemSize")
        GTEST_SKIP() << "its answer is how much memory there is, and here there is little";
    if (service.starts_with("IoQueueWorkItem") || service == "ExQueueWorkItem" || service == "WmiFireEvent")
        GTEST_SKIP() << "the first worker thread is made when there is work, and without memory for it the machine ends";
    EXPECT_EQ(run_without_pool(GetParam()), "");
}
INSTANTIATE_TEST_SUITE_P(contract, NoPool, ::testing::ValuesIn(samples_without_faults()), name_of);

// Each pointer of a service's call, replaced by one that a driver should not have passed.
// Shows: a status, an exception or a bug check; never a dead or hanging host.
TEST_P(Hostile, never_kills_the_host)
{
    EXPECT_THAT(run_hostile(GetParam()), ::testing::IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(contract, Hostile, ::testing::ValuesIn(samples()), name_of);

// Shows: every row that has a body has a sample.
TEST(contract_census, every_row_has_a_sample) { EXPECT_EQ(without_sample(), ""); }

} // namespace ringside::test
