// SPDX-License-Identifier: MIT
// A driver that answers WMI wrongly (tests/drivers/wmi_liar.c) beside one that is in order. Each lie gives one sentence
// and one status; the other driver, and the machine, are as before.
#include <ringside/ringside.h>

#include "drivers/wmi_liar.h"
#include "drivers/wmi_provider.h"
#include "nt/wmi.h"

#include <cstring>
#include <functional>
#include <gtest/gtest.h>

using namespace ringside;
using nt::GUID, nt::ULONG, nt::UCHAR, nt::USHORT;

namespace {

constexpr int32_t kSuccess = 0;
constexpr int32_t kPending = 0x103;
constexpr int32_t kUnsuccessful = static_cast<int32_t>(0xC0000001);
constexpr int32_t kNotSupported = static_cast<int32_t>(0xC00000BB);
constexpr int32_t kInvalidParameter = static_cast<int32_t>(0xC000000D);
constexpr int32_t kBufferTooSmall = static_cast<int32_t>(0xC0000023);
constexpr int32_t kBufferOverflow = static_cast<int32_t>(0x80000005);
constexpr int32_t kInstanceNotFound = static_cast<int32_t>(0xC0000296);
constexpr int32_t kGuidNotFound = static_cast<int32_t>(0xC0000295);

constexpr UCHAR kAllData = 0, kSingleInstance = 1, kMethod = 9, kRegInfo = 8, kRegInfoEx = 11;

GUID const kLiar { 0x11a70000, 0x0001, 0x4d6e, { 0x9f, 0x0e, 0x1f, 0x6a, 0x5a, 0x3b, 0x7c, 0x01 } };

template <typename T>
Bytes raw(T const& value)
{
    auto const* first = reinterpret_cast<std::byte const*>(&value);
    return { first, first + sizeof value };
}

Bytes operator+(Bytes first, Bytes const& second)
{
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

// Two instances, "Lie0" and "Lie1".
struct Registration {
    nt::WMIREGINFOW info { sizeof(Registration), 0, 0, 0, 1 };
    nt::WMIREGGUIDW block { kLiar, nt::WMIREG_FLAG_INSTANCE_BASENAME, 2, { offsetof(Registration, length) } };
    USHORT length = 6;
    char16_t text[3] = { u'L', u'i', u'e' };
};

// Both instances: 7 and 8.
struct AllData {
    nt::WNODE_HEADER head {
        sizeof(AllData), 0, {}, {}, kLiar, 0, nt::WNODE_FLAG_ALL_DATA | nt::WNODE_FLAG_STATIC_INSTANCE_NAMES
    };
    ULONG data_offset = offsetof(AllData, data);
    ULONG count = 2;
    ULONG name_offsets = 0;
    nt::OFFSETINSTANCEDATAANDLENGTH places[2] = { { offsetof(AllData, data), 4 }, { offsetof(AllData, data) + 8, 4 } };
    ULONG unused = 0;
    ULONG data[4] = { 7, 0, 8, 0 };
};
static_assert(offsetof(AllData, places) == offsetof(nt::WNODE_ALL_DATA, OffsetInstanceDataAndLength));

// Instance 1: 8.
struct OneInstance {
    nt::WNODE_HEADER head {
        sizeof(OneInstance), 0, {}, {}, kLiar, 0, nt::WNODE_FLAG_SINGLE_INSTANCE | nt::WNODE_FLAG_STATIC_INSTANCE_NAMES
    };
    ULONG name = 0;
    ULONG index = 1;
    ULONG data_offset = offsetof(OneInstance, data);
    ULONG size = 4;
    ULONG data[2] = { 8, 0 };
};

struct MethodResult {
    nt::WNODE_HEADER head {
        sizeof(MethodResult), 0, {}, {}, kLiar, 0, nt::WNODE_FLAG_METHOD_ITEM | nt::WNODE_FLAG_STATIC_INSTANCE_NAMES
    };
    ULONG name = 0;
    ULONG index = 1;
    ULONG method = 1;
    ULONG data_offset = offsetof(MethodResult, data);
    ULONG size = 4;
    ULONG data = 9;
};

nt::WNODE_TOO_SMALL too_small(ULONG needed)
{
    return { { sizeof(nt::WNODE_TOO_SMALL), 0, {}, {}, kLiar, 0, nt::WNODE_FLAG_TOO_SMALL }, needed };
}

std::string text_of(std::vector<WmiInstance> const& instances)
{
    std::string text;
    for (auto const& instance : instances) {
        uint32_t number = 0;
        std::memcpy(&number, instance.bytes.data(), std::min(instance.bytes.size(), sizeof number));
        text += (text.empty() ? "" : " ") + instance.name + "=" + std::to_string(number);
    }
    return text;
}

constexpr char const* kTrue = "Lie0=7 Lie1=8";

// The machine with both drivers in it.
class Stage {
public:
    explicit Stage(MachineOptions const& options = { .seed = 5 })
        : machine(options)
        , file(open_liar(machine))
    {
    }

    // What the liar answers from now on.
    template <typename T>
    void answer(UCHAR minor, T const& bytes, uint64_t information = sizeof(T), int32_t status = kSuccess)
    {
        answer_with({ minor, status, information, sizeof bytes, LIAR_NOWHERE, LIAR_NOWHERE, 0 }, raw(bytes));
    }
    void answer_with(LIAR_ANSWER head, Bytes const& bytes)
    {
        head.Bytes = static_cast<unsigned>(bytes.size());
        EXPECT_EQ(file.ioctl(IOCTL_LIAR_ANSWER, raw(head) + bytes, 0).status, kSuccess);
    }
    void refuse(UCHAR minor, int32_t status)
    {
        answer_with({ minor, status, 0, 0, LIAR_NOWHERE, LIAR_NOWHERE, 0 }, {});
    }

    int32_t control(ULONG action)
    {
        int32_t const status = file.ioctl(IOCTL_LIAR_REGISTER, raw(action), 0).status;
        machine.settle();
        return status;
    }
    void registers() { EXPECT_EQ(control(nt::WMIREG_ACTION_REGISTER), kSuccess); }
    void registers_truly()
    {
        answer(kRegInfoEx, Registration {});
        answer(kAllData, AllData {});
        answer(kSingleInstance, OneInstance {});
        answer(kMethod, MethodResult {});
        registers();
    }

    int32_t fire(Bytes const& event, LIAR_EVENT head = { LIAR_BLOCK, 1024, 1, 0 })
    {
        head.Bytes = static_cast<unsigned>(event.size());
        int32_t const status = file.ioctl(IOCTL_LIAR_FIRE, raw(head) + event, 0).status;
        machine.settle();
        return status;
    }

    // What was complained of since the last time, one line each.
    std::string complaints()
    {
        std::string text;
        auto const all = machine.wmi_complaints();
        for (; m_told < all.size(); ++m_told)
            text += (text.empty() ? "" : "\n") + all[m_told];
        return text;
    }

    // The other driver answers, the liar can go, and nothing is left.
    void expect_whole()
    {
        EXPECT_EQ(text_of(machine.wmi_query(WMI_SLOT_GUID).instances), "Slot0=100 Slot1=200");
        EXPECT_EQ(control(nt::WMIREG_ACTION_DEREGISTER), kSuccess);
        EXPECT_EQ(machine.wmi_query(WMI_LIAR_GUID).status, kGuidNotFound);
        EXPECT_EQ(complaints(), "");
        file.close();
        machine.expect_quiet();
    }

    Machine machine;
    File file;

private:
    static File open_liar(Machine& machine)
    {
        machine.load(RINGSIDE_DRIVERS "/wmi_provider.sys");
        machine.load(RINGSIDE_DRIVERS "/wmi_liar.sys");
        return machine.open(R"(\\.\WmiLiar)");
    }

    size_t m_told = 0;
};

std::string liar(std::string const& words) { return words.empty() ? "" : "WMI provider wmi_liar: " + words; }

} // namespace

// The liar tells the truth. Shows: each of the answers that the other tests spoil is taken.
TEST(wmi_liar, the_truth_is_believed)
{
    Stage stage;
    stage.registers_truly();
    EXPECT_EQ(text_of(stage.machine.wmi_query(WMI_LIAR_GUID).instances), kTrue);
    EXPECT_EQ(text_of(stage.machine.wmi_query(WMI_LIAR_GUID, "Lie1").instances), "Lie1=8");
    Reply const method = stage.machine.wmi_method(WMI_LIAR_GUID, "Lie1", 1, {}, 4);
    EXPECT_EQ(method.status, kSuccess);
    EXPECT_EQ(method.bytes, raw(ULONG { 9 }));
    EXPECT_EQ(stage.complaints(), "");
    stage.expect_whole();
}

// Registrations whose sizes, counts, offsets and pointers are wrong.
// Shows: the block is not there, and one sentence says why.
TEST(wmi_liar, a_wrong_registration_is_no_registration)
{
    using R = Registration;
    struct Case {
        std::function<void(R&)> spoil;
        uint64_t information;
        std::string words;
    };
    std::string const wrong = "its registration is wrong: ";
    auto name_outside = [&](int block, int instance) {
        return wrong + "the name of block " + std::to_string(block) + "'s instance " + std::to_string(instance)
            + " does not lie in the 64 bytes of its WMIREGINFO";
    };
    static_assert(sizeof(R) == 64);
    Case const cases[] = {
        { [](R&) {}, 0, wrong + "0 bytes hold no WMIREGINFO" },
        { [](R&) {}, 23, wrong + "23 bytes hold no WMIREGINFO" },
        { [](R&) {}, 63, wrong + "WMIREGINFO says that it has 64 bytes, 63 were written" },
        { [](R&) {}, 1025, "its registration is told to have 1025 bytes, there was room for 1024" },
        { [](R&) {}, ~uint64_t { 0 },
          "its registration is told to have 18446744073709551615 bytes, there was room for 1024" },
        { [](R& r) { r.info.BufferSize = 23; }, 64, wrong + "WMIREGINFO says that it has 23 bytes, 64 were written" },
        { [](R& r) { r.info.BufferSize = 0xFFFFFFFF; }, 64,
          wrong + "WMIREGINFO says that it has 4294967295 bytes, 64 were written" },
        { [](R& r) { r.info.GuidCount = 2; }, 64, wrong + "WMIREGINFO tells 2 blocks, its 64 bytes hold 1 at most" },
        { [](R& r) { r.info.GuidCount = 0x08000001; }, 64,
          wrong + "WMIREGINFO tells 134217729 blocks, its 64 bytes hold 1 at most" },
        { [](R& r) { r.info.RegistryPath = 64; }, 64,
          wrong + "RegistryPath 0x40 does not lie in the 64 bytes of WMIREGINFO" },
        { [](R& r) { r.info.MofResourceName = 0xFFFFFFFF; }, 64,
          wrong + "MofResourceName 0xffffffff does not lie in the 64 bytes of WMIREGINFO" },
        { [](R& r) { r.info.NextWmiRegInfo = 8; }, 64,
          wrong + "NextWmiRegInfo 0x8 leads out of the 64 bytes that were written" },
        { [](R& r) { r.info.NextWmiRegInfo = 0xFFFFFFC0; }, 64,
          wrong + "NextWmiRegInfo 0xffffffc0 leads out of the 64 bytes that were written" },
        { [](R& r) { r.block.InstanceCount = 0xFFFFFFFF; }, 64, wrong + "block 0 tells 4294967295 instances" },
        { [](R& r) { r.block.BaseNameOffset = 63; }, 64, name_outside(0, 0) },
        { [](R& r) { r.block.BaseNameOffset = 0xFFFFFFFE; }, 64, name_outside(0, 0) },
        { [](R& r) { r.length = 0xFFFE; }, 64, name_outside(0, 0) },
        { [](R& r) { r.length = 5; }, 64, name_outside(0, 0) },
        { [](R& r) { r.block.Flags = nt::WMIREG_FLAG_INSTANCE_LIST; }, 64, name_outside(0, 1) },
        { [](R& r) { r.block.Flags |= nt::WMIREG_FLAG_INSTANCE_PDO; }, 64,
          wrong + "block 0 names its instances in more than one way (flags 0x28)" },
        { [](R& r) {
             r.block.Flags = nt::WMIREG_FLAG_INSTANCE_PDO;
             r.block.Pdo = 0x123456789;
         },
          64, wrong + "WMIREG_FLAG_INSTANCE_PDO is set, and Pdo points at no device object" },
    };
    for (Case const& c : cases) {
        SCOPED_TRACE(c.words);
        Stage stage;
        Registration told;
        c.spoil(told);
        stage.answer(kRegInfoEx, told, c.information);
        stage.registers();
        EXPECT_EQ(stage.complaints(), liar(c.words));
        EXPECT_EQ(stage.machine.wmi_query(WMI_LIAR_GUID).status, kGuidNotFound);
        stage.expect_whole();
    }
}

// Two blocks; one of them names a device object, with the reference that it owes, the other one nothing.
// Shows: the registration is refused, and the reference is given back whichever block has it: the device can go.
TEST(wmi_liar, the_reference_of_a_refused_registration_is_given_back)
{
    struct Two {
        nt::WMIREGINFOW info { sizeof(Two), 0, 0, 0, 2 };
        nt::WMIREGGUIDW blocks[2];
    };
    for (unsigned good : { 0u, 1u }) {
        Stage stage;
        Two told;
        for (auto& block : told.blocks)
            block = { kLiar, nt::WMIREG_FLAG_INSTANCE_PDO, 1, { .Pdo = 0 } };
        stage.answer_with({ kRegInfoEx, kSuccess, sizeof told, 0, LIAR_NOWHERE,
                            static_cast<unsigned>(offsetof(Two, blocks) + good * sizeof told.blocks[0]
                                                  + offsetof(nt::WMIREGGUIDW, Pdo)),
                            0 },
                          raw(told));
        stage.registers();
        EXPECT_EQ(
            stage.complaints(),
            liar("its registration is wrong: WMIREG_FLAG_INSTANCE_PDO is set, and Pdo points at no device object"));
        stage.expect_whole();
    }
}

// A driver that needs more room than it is given: for once, and each time again; one that needs what it has.
// Shows: it is asked again with as much as it said, but not for ever.
TEST(wmi_liar, a_size_that_is_needed_is_believed_only_while_it_makes_sense)
{
    constexpr unsigned kNeeded = offsetof(nt::WNODE_TOO_SMALL, SizeNeeded);
    Stage stage;
    stage.answer_with({ kRegInfoEx, kBufferTooSmall, 4, 0, 0, LIAR_NOWHERE, 0 }, {});
    stage.registers();
    EXPECT_EQ(stage.complaints(), liar("it wants more room for its registration each time that it is given more"));
    stage.answer(kRegInfoEx, ULONG { 1024 }, 4, kBufferTooSmall);
    EXPECT_EQ(stage.control(nt::WMIREG_ACTION_REREGISTER), kSuccess);
    EXPECT_EQ(stage.complaints(), liar("its registration does not fit into 1024 bytes, it says, but into 1024"));
    stage.answer(kRegInfoEx, ULONG { 0xFFFFFFFF }, 4, kBufferTooSmall);
    EXPECT_EQ(stage.control(nt::WMIREG_ACTION_REREGISTER), kSuccess);
    EXPECT_EQ(stage.complaints(), liar("its registration does not fit into 1024 bytes, it says, but into 4294967295"));

    stage.answer(kRegInfoEx, Registration {});
    EXPECT_EQ(stage.control(nt::WMIREG_ACTION_REREGISTER), kSuccess);
    auto const ask = [&] { return stage.machine.wmi_query(WMI_LIAR_GUID).status; };
    stage.answer(kAllData, too_small(1024));
    EXPECT_EQ(ask(), kUnsuccessful);
    EXPECT_EQ(stage.complaints(), liar("an answer does not fit into 1024 bytes, it says, but into 1024"));
    stage.answer(kAllData, too_small(0x80000000));
    EXPECT_EQ(ask(), kUnsuccessful);
    EXPECT_EQ(stage.complaints(), liar("an answer does not fit into 1024 bytes, it says, but into 2147483648"));
    stage.answer_with({ kAllData, kSuccess, sizeof(nt::WNODE_TOO_SMALL), 0, kNeeded, LIAR_NOWHERE, 0 },
                      raw(too_small(0)));
    EXPECT_EQ(ask(), kUnsuccessful);
    EXPECT_EQ(stage.complaints(), liar("it wants more room for an answer each time that it is given more"));
    stage.expect_whole();
}

// A driver of Windows 2000's time, and one that knows neither request. Shows: the first is asked in its way.
TEST(wmi_liar, a_driver_that_does_not_know_the_newer_request_is_asked_the_older_one)
{
    Stage stage;
    stage.answer(kRegInfo, Registration {});
    stage.answer(kAllData, AllData {});
    stage.registers();
    EXPECT_EQ(text_of(stage.machine.wmi_query(WMI_LIAR_GUID).instances), kTrue);
    stage.refuse(kRegInfo, kNotSupported);
    EXPECT_EQ(stage.control(nt::WMIREG_ACTION_REREGISTER), kSuccess);
    EXPECT_EQ(text_of(stage.machine.wmi_query(WMI_LIAR_GUID).instances), kTrue) << "what it said before stands";
    EXPECT_EQ(stage.complaints(), "");
    stage.expect_whole();
}

// Answers whose sizes, counts and offsets are wrong. Shows: one status, one sentence, and the block is asked again.
TEST(wmi_liar, a_wrong_answer_is_no_answer)
{
    using A = AllData;
    struct Case {
        std::function<void(A&)> spoil;
        uint64_t information;
        std::string words;
    };
    constexpr uint64_t kAll = sizeof(A);
    static_assert(kAll == 96);
    Case const cases[] = {
        { [](A&) {}, 1025, "an answer is told to have 1025 bytes, there was room for 1024" },
        { [](A&) {}, 0, "an answer is told to have 0 bytes, its WnodeHeader.BufferSize is 96" },
        { [](A& a) { a.head.BufferSize = 47; }, kAll, "WnodeHeader.BufferSize is 47, of a buffer of 1024 bytes" },
        { [](A& a) { a.head.BufferSize = 0xFFFFFFFF; }, kAll,
          "an answer is told to have 96 bytes, its WnodeHeader.BufferSize is 4294967295" },
        { [](A& a) { a.count = 3; }, kAll, "WNODE_ALL_DATA tells 3 instances, the block was registered with 2" },
        { [](A& a) { a.count = 0x20000001; }, kAll, "a WNODE_ALL_DATA of 96 bytes tells 536870913 instances" },
        { [](A& a) { a.places[1].OffsetInstanceData = 97; }, kAll,
          "instance 1: 4 bytes at 0x61 lie beyond the WNODE's 96 bytes" },
        { [](A& a) { a.places[0].LengthInstanceData = 0xFFFFFFFF; }, kAll,
          "instance 0: 4294967295 bytes at 0x50 lie beyond the WNODE's 96 bytes" },
        { [](A& a) {
             a.head.Flags |= nt::WNODE_FLAG_FIXED_INSTANCE_SIZE;
             a.places[0].OffsetInstanceData = 0x80000000;
         },
          kAll, "instance 0: 2147483648 bytes at 0x50 lie beyond the WNODE's 96 bytes" },
        { [](A& a) {
             a.head.Flags |= nt::WNODE_FLAG_FIXED_INSTANCE_SIZE;
             a.places[0].OffsetInstanceData = 16; // the size of each
         },
          kAll, "instance 1: 16 bytes at 0x60 lie beyond the WNODE's 96 bytes" },
        { [](A& a) {
             a.head.Flags = nt::WNODE_FLAG_ALL_DATA;
             a.name_offsets = 96;
         },
          kAll, "the name of instance 0 lies beyond the WNODE's 96 bytes" },
        { [](A& a) {
             a.head.Flags = nt::WNODE_FLAG_ALL_DATA;
             a.name_offsets = offsetof(A, data); // the second name at 0, where 96 stands: its length
         },
          kAll, "the name of instance 1 lies beyond the WNODE's 96 bytes" },
    };
    Stage stage;
    stage.registers_truly();
    for (Case const& c : cases) {
        SCOPED_TRACE(c.words);
        AllData told;
        c.spoil(told);
        stage.answer(kAllData, told, c.information);
        WmiReply const reply = stage.machine.wmi_query(WMI_LIAR_GUID);
        EXPECT_EQ(reply.status, kUnsuccessful);
        EXPECT_TRUE(reply.instances.empty());
        EXPECT_EQ(stage.complaints(), liar(c.words));
        EXPECT_EQ(stage.machine.wmi_query(WMI_LIAR_GUID).status, kUnsuccessful);
        EXPECT_EQ(stage.complaints(), "") << "a sentence is said once";
        stage.answer(kAllData, AllData {});
        EXPECT_EQ(text_of(stage.machine.wmi_query(WMI_LIAR_GUID).instances), kTrue);
    }
    stage.expect_whole();
}

// The same of one instance, and of a method's results.
TEST(wmi_liar, a_wrong_instance_or_result_is_none)
{
    Stage stage;
    stage.registers_truly();
    struct Case {
        std::function<void(OneInstance&)> spoil;
        std::string words;
    };
    static_assert(sizeof(OneInstance) == 72 && sizeof(MethodResult) == 72);
    Case const cases[] = {
        { [](auto& one) { one.index = 2; },
          "WNODE_SINGLE_INSTANCE tells of instance 2, the block was registered with 2" },
        { [](auto& one) { one.data_offset = 73; },
          "a WNODE_SINGLE_INSTANCE's 4 bytes of data at 0x49 lie beyond its 72 bytes" },
        { [](auto& one) { one.size = 0xFFFFFFFF; },
          "a WNODE_SINGLE_INSTANCE's 4294967295 bytes of data at 0x40 lie beyond its 72 bytes" },
        { [](auto& one) { one.head.BufferSize = 63; }, "63 bytes hold no WNODE_SINGLE_INSTANCE" },
        { [](auto& one) { one.head.Flags = nt::WNODE_FLAG_SINGLE_INSTANCE, one.name = 71; },
          "the name of a WNODE_SINGLE_INSTANCE lies beyond its 72 bytes" },
    };
    for (Case const& c : cases) {
        SCOPED_TRACE(c.words);
        OneInstance told;
        c.spoil(told);
        stage.answer(kSingleInstance, told);
        EXPECT_EQ(stage.machine.wmi_query(WMI_LIAR_GUID, "Lie1").status, kUnsuccessful);
        EXPECT_EQ(stage.complaints(), liar(c.words));
    }
    auto const run = [&](std::function<void(MethodResult&)> const& spoil) {
        MethodResult told;
        spoil(told);
        stage.answer(kMethod, told);
        return stage.machine.wmi_method(WMI_LIAR_GUID, "Lie1", 1, {}, 4).status;
    };
    EXPECT_EQ(run([](auto& m) { m.size = 0xFFFFFFF0; }), kUnsuccessful);
    EXPECT_EQ(stage.complaints(),
              liar("a method's 4294967280 bytes of results at 0x44 lie beyond the WNODE's 92 bytes"));
    EXPECT_EQ(run([](auto& m) { m.data_offset = 0xFFFFFFF0; }), kUnsuccessful);
    EXPECT_EQ(stage.complaints(), liar("a method's 4 bytes of results at 0xfffffff0 lie beyond the WNODE's 92 bytes"));
    EXPECT_EQ(run([](auto& m) { m.size = 5; }), kBufferTooSmall) << "more than the caller has room for";
    stage.answer(kMethod, too_small(1));
    EXPECT_EQ(stage.machine.wmi_method(WMI_LIAR_GUID, "Lie1", 1, {}, 4).status, kUnsuccessful);
    EXPECT_EQ(stage.complaints(), liar("a method's results need 1 bytes, it says, of which the head takes 88"));
    stage.expect_whole();
}

// Events with wrong headers, sizes and instances. Shows: each is refused by a status, or dropped with one sentence; what
// is in order arrives.
TEST(wmi_liar, a_wrong_event_is_not_heard)
{
    using E = OneInstance;
    struct Case {
        std::function<void(E&)> spoil;
        int32_t status;
        std::string words;
    };
    constexpr ULONG kNames = nt::WNODE_FLAG_STATIC_INSTANCE_NAMES;
    std::string const wrong = "an event is wrong: ";
    Case const cases[] = {
        { [](E& e) { e.head.BufferSize = 47; }, kInvalidParameter,
          "an event's BufferSize is 47, of a block of 1024 bytes" },
        { [](E& e) { e.head.BufferSize = 1025; }, kBufferOverflow, "" },
        { [](E& e) { e.head.BufferSize = 0xFFFFFFFF; }, kBufferOverflow, "" },
        { [](E& e) { e.head.Flags = nt::WNODE_FLAG_TRACED_GUID; }, kUnsuccessful, "" },
        { [](E& e) { e.head.Flags = 0; }, kSuccess,
          wrong + "its flags 0x0 say neither or more than one of all data, an instance, an item" },
        { [](E& e) { e.head.Flags = nt::WNODE_FLAG_SINGLE_INSTANCE | nt::WNODE_FLAG_ALL_DATA; }, kSuccess,
          wrong + "its flags 0x3 say neither or more than one of all data, an instance, an item" },
        { [](E& e) { e.index = 2; }, kSuccess,
          wrong + "WNODE_SINGLE_INSTANCE tells of instance 2, the block was registered with 2" },
        { [](E& e) { e.size = 0x80000000; }, kSuccess,
          wrong + "a WNODE_SINGLE_INSTANCE's 2147483648 bytes of data at 0x40 lie beyond its 72 bytes" },
        { [](E& e) { e.head.Flags = nt::WNODE_FLAG_SINGLE_ITEM | kNames, e.size = 73; }, kSuccess,
          wrong + "a WNODE_SINGLE_ITEM's 8 bytes of data at 0x49 lie beyond its 72 bytes" },
        { [](E& e) { e.head.Flags = nt::WNODE_FLAG_ALL_DATA | kNames, e.index = 3; }, kSuccess,
          wrong + "WNODE_ALL_DATA tells 3 instances, the block was registered with 2" },
        { [](E& e) { e.head.Flags = nt::WNODE_FLAG_EVENT_REFERENCE, e.head.BufferSize = 71; }, kSuccess,
          "an event's 71 bytes hold no WNODE_EVENT_REFERENCE" },
    };
    Stage stage;
    stage.registers_truly();
    EXPECT_EQ(stage.machine.wmi_listen(WMI_LIAR_GUID), kSuccess);
    for (Case const& c : cases) {
        SCOPED_TRACE(c.words);
        OneInstance told;
        c.spoil(told);
        EXPECT_EQ(stage.fire(raw(told)), c.status);
        EXPECT_EQ(stage.complaints(), liar(c.words));
        EXPECT_TRUE(stage.machine.wmi_events(WMI_LIAR_GUID).empty());
        EXPECT_EQ(stage.fire(raw(OneInstance {})), kSuccess);
        EXPECT_EQ(text_of(stage.machine.wmi_events(WMI_LIAR_GUID)), "Lie1=8");
    }
    EXPECT_EQ(stage.fire(raw(AllData {})), kSuccess);
    EXPECT_EQ(text_of(stage.machine.wmi_events(WMI_LIAR_GUID)), kTrue);
    Bytes half = raw(OneInstance {});
    half.resize(64);
    EXPECT_EQ(stage.fire(half, { LIAR_BLOCK, 64, 1, 0 }), kInvalidParameter);
    EXPECT_EQ(stage.complaints(), liar("an event's BufferSize is 72, of a block of 64 bytes"));
    stage.machine.wmi_ignore(WMI_LIAR_GUID);
    stage.machine.settle();
    stage.expect_whole();
}

// References to an instance by index and by name, and to what is not there.
// Shows: the data is fetched from the provider; what cannot be had is said, and nobody hears of it.
TEST(wmi_liar, a_reference_leads_to_data_or_to_words)
{
    struct Reference {
        nt::WNODE_HEADER head { sizeof(Reference), 0, {}, {}, kLiar, 0, nt::WNODE_FLAG_EVENT_REFERENCE };
        GUID target = kLiar;
        ULONG bytes = 4;
        USHORT length = 8;
        char16_t name[5] = { u'L', u'i', u'e', u'1' };
    };
    Stage stage;
    stage.registers_truly();
    EXPECT_EQ(stage.machine.wmi_listen(WMI_LIAR_GUID), kSuccess);
    auto const heard = [&](std::function<void(Reference&)> const& spoil) {
        Reference told;
        spoil(told);
        EXPECT_EQ(stage.fire(raw(told)), kSuccess);
        return text_of(stage.machine.wmi_events(WMI_LIAR_GUID));
    };
    auto const by_index = [](Reference& r, ULONG index) {
        r.head.Flags |= nt::WNODE_FLAG_STATIC_INSTANCE_NAMES;
        std::memcpy(&r.length, &index, sizeof index);
    };
    EXPECT_EQ(heard([](Reference&) { }), "Lie1=8");
    EXPECT_EQ(heard([&](Reference& r) { by_index(r, 1); }), "Lie1=8");
    EXPECT_EQ(stage.complaints(), "");
    EXPECT_EQ(heard([&](Reference& r) { by_index(r, 2); }), "");
    EXPECT_EQ(stage.complaints(), liar("an event refers to instance 2, the block was registered with 2"));
    EXPECT_EQ(heard([](Reference& r) { r.length = 0xFFFE; }), "");
    EXPECT_EQ(stage.complaints(),
              liar("an event refers to an instance whose name, 65534 bytes, lies beyond its 80 bytes"));
    EXPECT_EQ(heard([](Reference& r) { r.target.Data1 = 0; }), "");
    EXPECT_EQ(stage.complaints(), liar("an event refers to a block that it did not register"));
    EXPECT_EQ(heard([](Reference& r) { r.name[3] = u'9'; }), "");
    EXPECT_EQ(stage.complaints(), liar("an event refers to data that could not be had, status 0xc0000296"));
    stage.machine.wmi_ignore(WMI_LIAR_GUID);
    stage.machine.settle();
    stage.expect_whole();
}

// A driver that never registered, or says that it is another. Shows: its events arrive without a name; what is wrong with
// them is said of nobody.
TEST(wmi_liar, an_event_of_nobody_has_no_name)
{
    Stage stage;
    EXPECT_EQ(stage.machine.wmi_listen(WMI_LIAR_GUID), kSuccess);
    OneInstance told;
    told.head.ProviderId = 0xFFFFFFFF;
    EXPECT_EQ(stage.fire(raw(told), { LIAR_BLOCK, 1024, 0, 0 }), kSuccess);
    EXPECT_EQ(text_of(stage.machine.wmi_events(WMI_LIAR_GUID)), "=8");
    told.size = 0xFFFFFFFF;
    EXPECT_EQ(stage.fire(raw(told), { LIAR_BLOCK, 1024, 0, 0 }), kSuccess);
    EXPECT_TRUE(stage.machine.wmi_events(WMI_LIAR_GUID).empty());
    EXPECT_EQ(stage.complaints(),
              "a WMI event of a driver that is not registered: an event is wrong: a "
              "WNODE_SINGLE_INSTANCE's 4294967295 bytes of data at 0x40 lie beyond its 72 bytes");
    stage.machine.wmi_ignore(WMI_LIAR_GUID);
    stage.answer(kRegInfoEx, Registration {});
    stage.registers();
    stage.expect_whole();
}

// Events whose memory WMI could not free: inside a pool block, no pool at all, the same block twice; and one that the
// driver goes on writing to. Shows: the first three end the machine as a bad free does, the last one does no harm.
TEST(wmi_liar, the_memory_of_an_event_is_a_pool_block_of_its_own)
{
    for (unsigned where : { LIAR_INSIDE_A_BLOCK, LIAR_NO_POOL, LIAR_TWICE }) {
        SCOPED_TRACE(where);
        Stage stage;
        stage.registers_truly();
        stage.fire(raw(OneInstance {}), { where, 1024, 1, 0 });
        Report const report = stage.machine.finish();
        EXPECT_EQ(report.exit_code, 2);
        EXPECT_EQ(report.code_name, "BAD_POOL_CALLER");
        static constexpr uint64_t kKinds[] = { 0, 0x99, 0x42, 7 };
        EXPECT_EQ(report.parameters[0], kKinds[where]) << report.words;
    }
    Stage stage;
    stage.registers_truly();
    EXPECT_EQ(stage.machine.wmi_listen(WMI_LIAR_GUID), kSuccess);
    EXPECT_EQ(stage.fire(raw(OneInstance {}), { LIAR_WRITTEN_AFTERWARDS, 1024, 1, 0 }), kSuccess);
    stage.machine.wmi_events(WMI_LIAR_GUID); // heard or not, as the turn was
    stage.complaints();
    stage.machine.wmi_ignore(WMI_LIAR_GUID);
    stage.machine.settle();
    stage.expect_whole();
}

// A driver writes more into the request's buffer than there is room for. Shows: that is a pool overrun, and ends so.
TEST(wmi_liar, writing_beyond_the_buffer_is_an_overrun)
{
    Stage stage;
    stage.registers_truly();
    stage.answer_with({ kAllData, kSuccess, sizeof(AllData), 0, LIAR_NOWHERE, LIAR_NOWHERE, 0 },
                      raw(AllData {}) + Bytes(2048));
    stage.machine.wmi_query(WMI_LIAR_GUID);
    Report const report = stage.machine.finish();
    EXPECT_EQ(report.exit_code, 2);
    EXPECT_EQ(report.code_name, "BAD_POOL_HEADER") << report.words;
}

// A driver keeps a query. Shows: the program gets STATUS_PENDING and who has it is told; when the driver completes it
// after all, the next query is as ever.
TEST(wmi_liar, a_query_that_is_kept_is_pending)
{
    Stage stage;
    Client other = stage.machine.client("other"); // the thread that asks cannot do anything else
    File door = other.open(R"(\\.\WmiLiar)");
    stage.registers_truly();
    stage.answer_with({ kAllData, kSuccess, sizeof(AllData), 0, LIAR_NOWHERE, LIAR_NOWHERE, 1 }, raw(AllData {}));
    EXPECT_EQ(stage.machine.wmi_query(WMI_LIAR_GUID).status, kPending);
    auto const held = stage.machine.pending();
    ASSERT_EQ(held.size(), 1u);
    EXPECT_TRUE(held.front().ends_with(" of WMI is held by wmi_liar")) << held.front();
    EXPECT_EQ(door.ioctl(IOCTL_LIAR_RELEASE, Bytes {}, 0).status, kSuccess);
    door.close();
    stage.machine.settle();
    EXPECT_TRUE(stage.machine.pending().empty());
    stage.answer(kAllData, AllData {});
    EXPECT_EQ(text_of(stage.machine.wmi_query(WMI_LIAR_GUID).instances), kTrue);
    EXPECT_EQ(stage.complaints(), "");
    stage.expect_whole();
}

// The same lies through WmiLib: lengths and sizes that the routine did not have, a count written over, no base name.
// Shows: WmiLib builds nothing out of them that is believed, and writes nowhere but into the request's buffer.
TEST(wmi_liar, what_is_told_to_wmilib_is_checked_like_the_rest)
{
    struct Case {
        LIAR_LIB lib;
        int32_t status;
        std::string words;
    };
    Case const cases[] = {
        { { 1, 0, { 4, 4 }, 12, kSuccess }, kSuccess, "" },
        { { 1, 0, { 4, 4 }, 0xFFFF0000, kSuccess },
          kUnsuccessful,
          "an answer is told to have 4294901840 bytes, there was room for 1024" },
        { { 1, 0, { 0x2000, 4 }, 12, kSuccess },
          kUnsuccessful,
          "instance 0: 8192 bytes at 0x50 lie beyond the WNODE's 92 bytes" },
        { { 1, 0, { 4, 0xFFFFFFFF }, 12, kSuccess },
          kUnsuccessful,
          "instance 1: 4294967295 bytes at 0x58 lie beyond the WNODE's 92 bytes" },
        { { 1, 0x40000000, { 4, 4 }, 12, kSuccess },
          kUnsuccessful,
          "a WNODE_ALL_DATA of 92 bytes tells 1073741824 instances" },
        { { 1, 200, { 4, 4 }, 12, kSuccess },
          kUnsuccessful,
          "WNODE_ALL_DATA tells 200 instances, the block was registered with 2" },
        { { 1, 0, { 4, 4 }, 0xFFFFFFFF, kBufferTooSmall },
          kUnsuccessful,
          "an answer does not fit into 1024 bytes, it says, but into 80" },
    };
    for (Case const& c : cases) {
        SCOPED_TRACE(c.words);
        Stage stage;
        EXPECT_EQ(stage.file.ioctl(IOCTL_LIAR_LIB, raw(c.lib), 0).status, kSuccess);
        stage.registers();
        WmiReply const reply = stage.machine.wmi_query(WMI_LIAR_LIB_GUID);
        EXPECT_EQ(reply.status, c.status);
        EXPECT_EQ(stage.complaints(), liar(c.words));
        stage.expect_whole();
    }
    Stage stage;
    EXPECT_EQ(stage.file.ioctl(IOCTL_LIAR_LIB, raw(LIAR_LIB { 0, 0, { 4, 4 }, 12, kSuccess }), 0).status, kSuccess);
    stage.registers();
    EXPECT_EQ(text_of(stage.machine.wmi_query(WMI_LIAR_LIB_GUID).instances), "0=0 1=0") << "an empty base name";
    stage.expect_whole();
}

// Lies, under many schedules and on several processors. Shows: what is said, and what is left, does not depend on them.
TEST(wmi_liar, lies_are_found_out_under_every_schedule)
{
    for (uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(seed);
        Stage stage({ .seed = seed, .processors = 1 + static_cast<unsigned>(seed % 4) });
        stage.registers_truly();
        EXPECT_EQ(stage.machine.wmi_listen(WMI_LIAR_GUID), kSuccess);
        OneInstance event;
        event.index = 7;
        EXPECT_EQ(stage.fire(raw(event)), kSuccess);
        AllData all;
        all.count = 9;
        stage.answer(kAllData, all);
        EXPECT_EQ(stage.machine.wmi_query(WMI_LIAR_GUID).status, kUnsuccessful);
        EXPECT_EQ(stage.machine.wmi_query(WMI_LIAR_GUID, "Lie7").status, kInstanceNotFound);
        EXPECT_EQ(stage.complaints(),
                  liar("an event is wrong: WNODE_SINGLE_INSTANCE tells of instance 7, the block was registered with 2")
                      + "\n" + liar("WNODE_ALL_DATA tells 9 instances, the block was registered with 2"));
        stage.machine.wmi_ignore(WMI_LIAR_GUID);
        stage.machine.settle();
        stage.expect_whole();
    }
}
