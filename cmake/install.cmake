# SPDX-License-Identifier: Apache-2.0
# `cmake --install` for the system's layout; for a self-contained one (ONE_LOCATION):
# -DONEMARKET_MADS=lib/mads -DONEMARKET_ETC=etc -DCMAKE_INSTALL_PREFIX=$ONE_LOCATION.
include(GNUInstallDirs)
set(ONEMARKET_MADS "lib/one/mads" CACHE STRING "Where oned looks for its drivers")
set(ONEMARKET_ETC "/etc/one" CACHE STRING "Where OpenNebula's configuration is")
install(TARGETS onemarketd DESTINATION ${ONEMARKET_MADS})
install(TARGETS onemarketctl onemarket-downloader DESTINATION ${CMAKE_INSTALL_BINDIR})
# What an administrator has written there stays.
install(CODE "
  set(folder \"${ONEMARKET_ETC}\")
  if(NOT IS_ABSOLUTE \"\${folder}\")
    set(folder \"\${CMAKE_INSTALL_PREFIX}/\${folder}\")
  endif()
  if(EXISTS \"\$ENV{DESTDIR}\${folder}/onemarketd.conf\")
    message(STATUS \"Kept as it is: \$ENV{DESTDIR}\${folder}/onemarketd.conf\")
  else()
    file(INSTALL \"${PROJECT_SOURCE_DIR}/etc/onemarketd.conf\" DESTINATION \"\${folder}\")
  endif()")

# Man pages: made of the documents and of what the programs say of themselves.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
  set(ONEMARKET_MAN_PAGES)
  foreach(page onemarketd.8 onemarketd.conf.5 onemarketctl.1 onemarket-downloader.1)
    set(file ${CMAKE_BINARY_DIR}/man/${page})
    add_custom_command(OUTPUT ${file}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
      COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/cmake/man_page.py
              ${PROJECT_SOURCE_DIR}/docs/man/${page}.md ${PROJECT_VERSION}
              onemarketctl=$<TARGET_FILE:onemarketctl> > ${file}
      DEPENDS cmake/man_page.py docs/man/${page}.md docs/configuration.md docs/control.md docs/durability.md
              docs/export.md docs/operations.md docs/troubleshooting.md onemarketctl
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)
    list(APPEND ONEMARKET_MAN_PAGES ${file})
    string(REGEX REPLACE ".*\\." "man" folder ${page})
    install(FILES ${file} DESTINATION ${CMAKE_INSTALL_MANDIR}/${folder})
  endforeach()
  add_custom_target(man ALL DEPENDS ${ONEMARKET_MAN_PAGES})
else()
  message(STATUS "No Python 3: no man pages")
endif()

# One file for both commands; bash finds it by the command's name.
set(completions ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES packaging/completion.bash DESTINATION ${completions} RENAME onemarketctl)
install(FILES packaging/completion.bash DESTINATION ${completions} RENAME onemarket-downloader)
install(FILES README.md CONTRIBUTING.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN man EXCLUDE)
# For others' programs: a dashboard, a console, alerts.
install(DIRECTORY etc/grafana etc/prometheus DESTINATION ${CMAKE_INSTALL_DATADIR}/onemarketd)

# What belongs to the system's services has no place in a self-contained installation.
if(IS_ABSOLUTE "${ONEMARKET_ETC}")
  install(DIRECTORY systemd/ DESTINATION lib/systemd/system)
  install(FILES packaging/logrotate DESTINATION /etc/logrotate.d RENAME onemarketd)
  include(cmake/package.cmake)
endif()
