// SPDX-License-Identifier: MIT
// The headers that most tests read: compiled once for all of them (tests/CMakeLists.txt). A test includes what it uses all
// the same.
#pragma once

#include "io/manager.h"
#include "ke/kernel.h"
#include "nt/nt.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>
