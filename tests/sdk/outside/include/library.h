// SPDX-License-Identifier: MIT
// What library.sys exports.
#pragma once
extern "C" __declspec(dllimport) int AddOne(int number);
