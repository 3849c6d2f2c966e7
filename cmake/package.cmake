# What is installed where, and `make package`.
include(GNUInstallDirs)
set(share ${CMAKE_INSTALL_DATADIR}/duheng)
install(TARGETS duheng duheng-platform duheng-gateway duheng-fleet RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# DuckDB's library lies in a folder of ours: it is pinned, and no other program shall find it.
install(FILES ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/libduckdb.so DESTINATION ${CMAKE_INSTALL_LIBDIR}/duheng)
set_target_properties(duheng duheng-platform duheng-gateway duheng-fleet PROPERTIES
  INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/duheng")
install(DIRECTORY web/dist/ DESTINATION ${share}/web OPTIONAL)
install(DIRECTORY models/ DESTINATION ${share}/models FILES_MATCHING PATTERN "*.yaml" PATTERN "*.json")
install(DIRECTORY rules/ DESTINATION ${share}/rules FILES_MATCHING PATTERN "*.yaml")
install(DIRECTORY packaging/examples/ DESTINATION ${share}/examples)
install(FILES packaging/systemd/duheng-platform.service packaging/systemd/duheng-gateway.service DESTINATION lib/systemd/system)
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
# Of what is shipped inside the programs and pages, not as packages of the distribution.
foreach(package third_party/node_modules/duckdb third_party/node_modules/better-sqlite3-multiple-ciphers
    web/node_modules/@tanstack/react-query web/node_modules/antd web/node_modules/dayjs web/node_modules/echarts
    web/node_modules/react web/node_modules/react-dom web/node_modules/react-router)
  get_filename_component(package_name ${package} NAME)
  file(GLOB licence_files ${CMAKE_SOURCE_DIR}/${package}/LICENSE ${CMAKE_SOURCE_DIR}/${package}/LICENSE.md
    ${CMAKE_SOURCE_DIR}/${package}/NOTICE)
  install(FILES ${licence_files} DESTINATION ${CMAKE_INSTALL_DOCDIR}/licences/${package_name} OPTIONAL)
endforeach()

set(CPACK_PACKAGE_NAME duheng)
set(CPACK_PACKAGE_VENDOR "Duheng")
set(CPACK_PACKAGE_CONTACT "Duheng maintainers <maintainers@duheng.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_GENERATOR "TGZ;DEB")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DEPENDS passwd)  # its postinst makes the units' user
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/debian/postinst)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
include(CPack)
