# duheng_protobuf(rpc_proto PROTOS duheng/uplink/v1/uplink.proto ...): C++ from the contracts under api/, gRPC services
# included. Generated headers are included as "duheng/uplink/v1/uplink.grpc.pb.h".
include_guard(GLOBAL)
find_package(Protobuf REQUIRED)
find_program(PROTOC protoc REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
find_library(GRPCPP_LIBRARY grpc++ REQUIRED)
find_library(GRPC_LIBRARY grpc REQUIRED)
find_library(GPR_LIBRARY gpr REQUIRED)
find_library(ABSL_SYNCHRONIZATION_LIBRARY absl_synchronization REQUIRED)  # gRPC's inline functions call it

function(duheng_protobuf name)
  cmake_parse_arguments(ARG "" "" "PROTOS" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${out})
  set(generated)
  foreach(proto IN LISTS ARG_PROTOS)
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(files ${out}/${stem}.pb.cc ${out}/${stem}.pb.h ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
    add_custom_command(OUTPUT ${files}
      COMMAND ${PROTOC} -I ${CMAKE_SOURCE_DIR}/api --cpp_out=${out} --grpc_out=${out}
              --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} ${CMAKE_SOURCE_DIR}/api/${proto}
      DEPENDS ${CMAKE_SOURCE_DIR}/api/${proto}
      COMMENT "Generating C++ from ${proto}" VERBATIM)
    list(APPEND generated ${out}/${stem}.pb.cc ${out}/${stem}.grpc.pb.cc)
  endforeach()
  add_library(duheng_${name} STATIC ${generated})
  target_include_directories(duheng_${name} SYSTEM PUBLIC ${out})
  # Generated code is the generator's business: no warnings of ours.
  target_compile_options(duheng_${name} PRIVATE -w)
  if(DUHENG_SANITIZE)
    target_compile_options(duheng_${name} PRIVATE -fsanitize=${DUHENG_SANITIZE})
    target_link_options(duheng_${name} PUBLIC -fsanitize=${DUHENG_SANITIZE})
  endif()
  target_link_libraries(duheng_${name} PUBLIC ${GRPCPP_LIBRARY} ${GRPC_LIBRARY} ${GPR_LIBRARY}
    ${ABSL_SYNCHRONIZATION_LIBRARY} protobuf::libprotobuf Threads::Threads)
  add_library(duheng::${name} ALIAS duheng_${name})
endfunction()
