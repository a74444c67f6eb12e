// SPDX-License-Identifier: MIT
// What WMI providers write is foreign bytes. Shows: what is right is read, and each wrong size, count and offset gives
// one sentence and no instance.
#include "io/wmi_parse.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <gtest/gtest.h>

namespace ringside::io {
namespace {

GUID const kGuid { 1, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } };

// One block of two instances, "Fan0" and "Fan1".
struct Registration {
    WMIREGINFOW info { sizeof(Registration), 0, 0, 0, 1 };
    WMIREGGUIDW block { kGuid, WMIREG_FLAG_INSTANCE_BASENAME, 2, { offsetof(Registration, length) } };
    USHORT length = 6;
    char16_t text[3] = { u'F', u'a', u'n' };
};

std::span<uint8_t const> bytes_of(auto const& value)
{
    return { reinterpret_cast<uint8_t const*>(&value), sizeof value };
}

TEST(WmiParse, ARegistrationNamesItsInstances)
{
    std::string error;
    auto const blocks = parse_registration(bytes_of(Registration {}), error);
    EXPECT_EQ(error, "");
    ASSERT_EQ(blocks.size(), 1u);
    EXPECT_TRUE(same_guid(blocks[0].guid, kGuid));
    EXPECT_EQ(blocks[0].names, (std::vector<std::u16string> { u"Fan0", u"Fan1" }));
}

TEST(WmiParse, AWrongRegistrationIsRefusedInOneSentence)
{
    struct Case {
        std::function<void(Registration&)> change;
        char const* words;
    } const cases[] = {
        { [](auto& r) { r.info.BufferSize = 4; }, "says that it has 4 bytes" },
        { [](auto& r) { r.info.BufferSize = 0xFFFFFFFF; }, "says that it has 4294967295 bytes" },
        { [](auto& r) { r.info.GuidCount = 0x10000001; }, "tells 268435457 blocks" },
        { [](auto& r) { r.info.GuidCount = 3; }, "tells 3 blocks" },
        { [](auto& r) { r.info.RegistryPath = 0x1000; }, "RegistryPath 0x1000" },
        { [](auto& r) { r.info.MofResourceName = 0xFFFFFFFF; }, "MofResourceName 0xffffffff" },
        { [](auto& r) { r.info.NextWmiRegInfo = 8; }, "NextWmiRegInfo 0x8" },
        { [](auto& r) { r.info.NextWmiRegInfo = 0x80000000; }, "NextWmiRegInfo 0x80000000" },
        { [](auto& r) { r.block.InstanceCount = 0xFFFFFFFF; }, "tells 4294967295 instances" },
        { [](auto& r) { r.block.BaseNameOffset = 0xFFFFFFFE; }, "the name of block 0's instance 0" },
        { [](auto& r) { r.length = 0xFFFE; }, "the name of block 0's instance 0" },
        { [](auto& r) { r.length = 5; }, "the name of block 0's instance 0" },
        { [](auto& r) { r.block.Flags = WMIREG_FLAG_INSTANCE_LIST; }, "the name of block 0's instance 1" },
        { [](auto& r) { r.block.Flags |= WMIREG_FLAG_INSTANCE_PDO; }, "in more than one way" },
    };
    for (auto const& c : cases) {
        Registration wrong;
        c.change(wrong);
        std::string error;
        parse_registration(bytes_of(wrong), error);
        EXPECT_NE(error.find(c.words), error.npos) << error << " / " << c.words;
    }
    std::string error;
    EXPECT_TRUE(parse_registration({}, error).empty());
    EXPECT_EQ(error, "0 bytes hold no WMIREGINFO");
}

// One name of 60 000 bytes for 65536 instances; 65536 instances that all lie over the same megabyte.
// Shows: a provider's few bytes do not become gigabytes of ours.
TEST(WmiParse, WhatRepeatsItselfIsRefusedBeforeItGrows)
{
    std::vector<uint8_t> bytes(sizeof(Registration) + 60'000, 'x');
    Registration told;
    told.info.BufferSize = static_cast<ULONG>(bytes.size());
    told.block.InstanceCount = kWmiInstancesMax;
    told.length = 60'000;
    std::memcpy(bytes.data(), &told, sizeof told);
    std::string error;
    parse_registration(bytes, error);
    EXPECT_EQ(error, "the names of its instances are longer than 4194304 characters together");

    ULONG const count = kWmiInstancesMax;
    size_t const places = offsetof(WNODE_ALL_DATA, OffsetInstanceDataAndLength);
    std::vector<uint8_t> all(size_t { 1 } << 20);
    WNODE_ALL_DATA head {};
    head.WnodeHeader.BufferSize = static_cast<ULONG>(all.size());
    head.WnodeHeader.Flags = WNODE_FLAG_ALL_DATA | WNODE_FLAG_STATIC_INSTANCE_NAMES;
    head.InstanceCount = count;
    std::memcpy(all.data(), &head, places);
    for (ULONG i = 0; i < count; ++i) {
        OFFSETINSTANCEDATAANDLENGTH const place { 0, static_cast<ULONG>(all.size()) };
        std::memcpy(all.data() + places + i * sizeof place, &place, sizeof place);
    }
    std::vector<std::u16string> const names(count);
    error.clear();
    EXPECT_TRUE(parse_all_data(all, names, error).empty());
    EXPECT_EQ(error, "its 65536 instances lie over each other: up to instance 16 they have 17 characters and 17825792 "
                     "bytes, of a WNODE of 1048576 bytes");
}

// An item of an instance, as an event may carry it. Shows: what is written is read again, cut off anywhere it is refused.
TEST(WmiParse, AnItemIsReadAsItWasWritten)
{
    uint8_t const data[] = { 7, 8, 9 };
    auto const wnode = write_single_instance(kGuid, 7, { u"One", 3, data, true, 5 }, WNODE_FLAG_EVENT_ITEM);
    std::string error;
    auto const found = parse_single_item(wnode, {}, error);
    EXPECT_EQ(error, "");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].name, u"One");
    EXPECT_EQ(found[0].index, 3u);
    EXPECT_EQ(found[0].item, 5u);
    EXPECT_TRUE(std::ranges::equal(found[0].data, data));
    for (size_t bytes = 0; bytes < wnode.size(); ++bytes) {
        error.clear();
        EXPECT_TRUE(parse_single_item(std::span(wnode).first(bytes), {}, error).empty());
        EXPECT_NE(error, "") << bytes;
    }
}

TEST(WmiParse, WhatIsWrittenIsReadAgain)
{
    uint8_t const first[] = { 1, 2, 3 }, second[] = { 4 };
    WmiInstanceView const instances[] = { { u"One", 0, first }, { u"Other", 1, second } };
    std::string error;
    auto const wnode = write_all_data(kGuid, 7, instances);
    auto const found = parse_all_data(wnode, {}, error);
    EXPECT_EQ(error, "");
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].name, u"One");
    EXPECT_EQ(std::vector<uint8_t>(found[0].data.begin(), found[0].data.end()), (std::vector<uint8_t> { 1, 2, 3 }));
    EXPECT_EQ(found[1].name, u"Other");
    EXPECT_EQ(found[1].data.size(), 1u);
    auto const single = write_single_instance(kGuid, 7, instances[1], WNODE_FLAG_EVENT_ITEM);
    auto const one = parse_single_instance(single, {}, error);
    ASSERT_EQ(one.size(), 1u);
    EXPECT_EQ(one[0].name, u"Other");
    EXPECT_EQ(one[0].index, 1u);
    EXPECT_EQ(error, "");
}

// Every byte of a good answer is replaced by each of a few values, and the answer is cut off everywhere.
// Shows: nothing outside is read (a sanitizer looks), and what is refused is refused with words.
TEST(WmiParse, DamagedAnswersDoNoHarm)
{
    uint8_t const data[] = { 1, 2, 3 };
    WmiInstanceView const instances[] = { { u"One", 0, data }, { u"Two", 1, data } };
    std::u16string const names[] = { u"One" };
    size_t refused = 0, taken = 0;
    for (auto const& good : { write_all_data(kGuid, 7, instances), write_single_instance(kGuid, 7, instances[0], 0) })
        for (size_t at = 0; at < good.size(); ++at)
            for (int value : { 0x00, 0x01, 0x7F, 0x80, 0xFF, -1 }) {
                std::vector<uint8_t> wrong = good;
                if (value < 0)
                    wrong.resize(at);
                else
                    wrong[at] = static_cast<uint8_t>(value);
                std::string all, single;
                auto const found = parse_all_data(wrong, names, all);
                auto const one = parse_single_instance(wrong, names, single);
                EXPECT_TRUE(all.empty() || found.empty());
                EXPECT_EQ(single.empty(), !one.empty());
                (all.empty() ? taken : refused) += 1;
            }
    EXPECT_GT(refused, 100u);
    EXPECT_GT(taken, 100u);
}

} // namespace
} // namespace ringside::io
