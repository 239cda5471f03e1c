# SPDX-License-Identifier: Apache-2.0
# How all of it is compiled: one interface target that every floor links.
option(ONEMARKET_WERROR "Treat warnings as errors" OFF)
set(ONEMARKET_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them")

add_library(onemarket_options INTERFACE)
target_compile_options(onemarket_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wimplicit-fallthrough
  $<$<BOOL:${ONEMARKET_WERROR}>:-Werror>
  -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC bug 105651: false alarms on "literal" + std::string.
  target_compile_options(onemarket_options INTERFACE -Wno-restrict)
endif()
if(ONEMARKET_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Asio has fences beside its mutexes; the sanitizer sees the mutexes.
  target_compile_options(onemarket_options INTERFACE -Wno-tsan)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(onemarket_options INTERFACE _FORTIFY_SOURCE=2)
endif()
target_link_options(onemarket_options INTERFACE -Wl,-z,relro,-z,now)
if(ONEMARKET_SANITIZE)
  target_compile_options(onemarket_options INTERFACE
    -fsanitize=${ONEMARKET_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(onemarket_options INTERFACE -fsanitize=${ONEMARKET_SANITIZE})
endif()
