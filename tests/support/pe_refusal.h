// SPDX-License-Identifier: MIT
// One row per way to break an image: the name of the test, how a good driver is broken, and the exact words that the
// person gets. Each row becomes a test of its own.
#pragma once

#include "ldr/pe.h"
#include "pe_builder.h"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>

namespace ringside::test {

struct Refused {
    char const* name;
    std::function<void(BuiltImage&)> damage;
    char const* words;
    uint32_t status = ldr::kStatusInvalidImageFormat;
    std::function<void(PeBuilder&)> recipe = [](PeBuilder&) { };
};

inline void PrintTo(Refused const& row, std::ostream* out) { *out << row.name; }

inline std::string name_of(testing::TestParamInfo<Refused> const& info) { return info.param.name; }

inline void expect_refused(Refused const& row)
{
    PeBuilder builder;
    row.recipe(builder);
    BuiltImage image = builder.build();
    row.damage(image);
    ldr::PeResult result = ldr::PeFile::parse(image.bytes);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.bad().reason, row.words);
    EXPECT_EQ(result.bad().status, row.status);
}

} // namespace ringside::test
