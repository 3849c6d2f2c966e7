# One call per library:
#
#   duheng_library(codec_dlt645
#     SOURCES frame.cpp               # omit for a header-only library
#     DEPENDS duheng::base            # public: headers of this library use them
#     PRIVATE_DEPENDS OpenSSL::Crypto # private: only the .cpp files use them
#     UNIT_TESTS frame_test.cpp       # one GoogleTest program <name>_test, each case a ctest
#     TEST_DEPENDS rapidcheck         # extra libraries of the tests
#     FUZZERS frame_fuzz.cpp          # each its own program
#     FUZZ_CORPUS path [path ...]     # seeds: files and folders, JSON by its "hex" strings; `make fuzz` starts from
#                                     # them, outside the fuzz preset they are replayed as a test
#     BENCHMARKS frame_bench.cpp)     # one Google Benchmark program <name>_bench
#
# The library is `duheng_<name>`, its alias `duheng::<name>`; includes are rooted at src/.

add_library(duheng_options INTERFACE)
target_compile_options(duheng_options INTERFACE -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -fno-omit-frame-pointer)
target_include_directories(duheng_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports impossible paths inside the standard library under -O2; see GCC bugs 105329, 105651, 108978.
  target_compile_options(duheng_options INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
    -Wno-array-bounds -Wno-maybe-uninitialized -Wno-dangling-pointer)
endif()
if(DUHENG_SANITIZE)
  target_compile_options(duheng_options INTERFACE -fsanitize=${DUHENG_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(duheng_options INTERFACE -fsanitize=${DUHENG_SANITIZE})
  if(DUHENG_SANITIZE MATCHES "thread")
    target_compile_options(duheng_options INTERFACE -Wno-tsan)
  endif()
endif()
if(DUHENG_FUZZ)
  target_compile_options(duheng_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined)
  target_link_options(duheng_options INTERFACE -fsanitize=address,undefined)
endif()

if(NOT DUHENG_FUZZ)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
  find_package(rapidcheck REQUIRED)
  include(GoogleTest)
endif()

function(duheng_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS;UNIT_TESTS;TEST_DEPENDS;FUZZERS;FUZZ_CORPUS;BENCHMARKS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "duheng_library(${name}): unknown arguments ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  set(target duheng_${name})
  if(ARG_SOURCES)
    add_library(${target} STATIC ${ARG_SOURCES})
    target_link_libraries(${target} PUBLIC duheng_options ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE duheng_options ${ARG_DEPENDS})
  endif()
  add_library(duheng::${name} ALIAS ${target})

  if(ARG_UNIT_TESTS AND NOT DUHENG_FUZZ)
    add_executable(${name}_test ${ARG_UNIT_TESTS})
    target_link_libraries(${name}_test PRIVATE ${target} ${ARG_PRIVATE_DEPENDS} ${ARG_TEST_DEPENDS} GTest::gtest GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE DUHENG_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}/" DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300)
  endif()

  foreach(fuzzer IN LISTS ARG_FUZZERS)
    get_filename_component(stem ${fuzzer} NAME_WE)
    set(fuzz_target ${name}_${stem})
    if(DUHENG_FUZZ)
      add_executable(${fuzz_target} ${fuzzer})
      target_link_options(${fuzz_target} PRIVATE -fsanitize=fuzzer)
      # For scripts/fuzz.sh.
      set(fuzz_seeds ${ARG_FUZZ_CORPUS})
      if(NOT fuzz_seeds)
        set(fuzz_seeds ${CMAKE_SOURCE_DIR}/tests/vectors)
      endif()
      list(JOIN fuzz_seeds "\n" fuzz_seeds)
      file(WRITE ${CMAKE_BINARY_DIR}/fuzz-seeds/${fuzz_target}.txt "${fuzz_seeds}\n")
    else()
      add_executable(${fuzz_target} ${fuzzer} ${CMAKE_SOURCE_DIR}/cmake/replay_fuzz_seeds.cpp)
      add_test(NAME fuzz-seeds/${fuzz_target} COMMAND ${fuzz_target} ${ARG_FUZZ_CORPUS})
    endif()
    if(NOT TARGET fuzzers)
      add_custom_target(fuzzers)
    endif()
    add_dependencies(fuzzers ${fuzz_target})
    target_link_libraries(${fuzz_target} PRIVATE ${target} ${ARG_PRIVATE_DEPENDS} ${ARG_TEST_DEPENDS})
    set_target_properties(${fuzz_target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  endforeach()

  if(ARG_BENCHMARKS AND NOT DUHENG_FUZZ)
    add_executable(${name}_bench ${ARG_BENCHMARKS})
    target_link_libraries(${name}_bench PRIVATE ${target} ${ARG_PRIVATE_DEPENDS} ${ARG_TEST_DEPENDS} benchmark::benchmark benchmark::benchmark_main)
    set_target_properties(${name}_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
  endif()
endfunction()

# duheng_program(duheng-gateway SOURCES main.cpp DEPENDS duheng::gateway_service)
function(duheng_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE duheng_options ${ARG_DEPENDS})
endfunction()
